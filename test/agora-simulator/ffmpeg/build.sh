#!/bin/sh
# Builds the simulator's FFmpeg: Debian's source, only what makes a picture and tones, encodes them and pushes them.
#
#   build.sh [OUTPUT_DIRECTORY]     leaves ffmpeg there; the default is /out
#
# Runs as root in Debian 13 (trixie) or later: a Dockerfile stage, or a chroot. The program needs
# libx264, libfreetype and libharfbuzz at run time, and a font.
set -eu

out=${1:-/out}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DEBIAN_FRONTEND=noninteractive

for file in /etc/apt/sources.list.d/*.sources; do
  if [ -e "$file" ]; then sed -i 's/^Types: deb$/Types: deb deb-src/' "$file"; fi
done
if [ -s /etc/apt/sources.list ] && ! grep -q '^deb-src' /etc/apt/sources.list; then
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/meetrec-source.list
fi
apt-get update -qq
apt-get install -y -qq --no-install-recommends \
  ca-certificates dpkg-dev gcc libc6-dev libfreetype-dev libharfbuzz-dev libx264-dev make nasm pkg-config xz-utils

cd "$work"
apt-get source -qq ffmpeg
cd ffmpeg-*/

./configure \
  --prefix=/usr --disable-everything --disable-autodetect --disable-doc --disable-debug \
  --disable-ffplay --disable-ffprobe \
  --enable-gpl --enable-small --enable-pthreads --enable-network \
  --enable-static --disable-shared \
  --enable-libx264 --enable-libfreetype --enable-libharfbuzz \
  --enable-protocol=file,pipe,tcp,rtmp \
  --enable-indev=lavfi --enable-decoder=wrapped_avframe,rawvideo \
  --enable-muxer=flv,tee,null \
  --enable-encoder=libx264,aac,wrapped_avframe,pcm_s16le \
  --enable-parser=h264,aac \
  --enable-bsf=aac_adtstoasc,extract_extradata,h264_mp4toannexb,null \
  --enable-filter=color,drawtext,realtime,format,null,scale,sine,volume,amix,aformat,anull,aresample \
  || { tail -50 ffbuild/config.log >&2; exit 1; }
make -j"$(nproc)" ffmpeg
strip ffmpeg
mkdir -p "$out"
cp ffmpeg "$out/"
"$out/ffmpeg" -hide_banner -version
