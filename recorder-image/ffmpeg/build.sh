#!/bin/sh
# Builds the recorder's own FFmpeg: Debian's source, only the parts that the recorder uses, linked statically, so
# that one small binary runs in every image and on hosts that have another FFmpeg or none. It encodes WebM, and AAC
# of audio that MP4 can't hold; it joins WebMs, and gives files an index that were saved of a lost recorder.
#
#   build.sh [OUTPUT_DIRECTORY]     leaves ffmpeg and ffprobe there; the default is /out
#
# Runs as root in Debian 13 (trixie) or later: a Dockerfile stage, or a chroot.
set -eu

out=${1:-/out}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export DEBIAN_FRONTEND=noninteractive

add_source_packages() {
  for file in /etc/apt/sources.list.d/*.sources; do
    if [ -e "$file" ]; then sed -i 's/^Types: deb$/Types: deb deb-src/' "$file"; fi
  done
  if [ -s /etc/apt/sources.list ] && ! grep -q '^deb-src' /etc/apt/sources.list; then
    sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > /etc/apt/sources.list.d/meetrec-source.list
  fi
}

add_source_packages
apt-get update -qq
apt-get install -y -qq --no-install-recommends \
  ca-certificates dpkg-dev gcc libaom-dev libc6-dev libopus-dev libvpx-dev make nasm pkg-config xz-utils

cd "$work"
apt-get source -qq ffmpeg
cd ffmpeg-*/

# Decodes what the registry of codecs (recorder-image/contract/codecs.ts) has encoded; a test compares the two.
video_decoders=h264,hevc,libaom_av1,vp8,vp9
audio_decoders=aac,ac3,adpcm_swf,eac3,flac,mp3,nellymoser,opus,pcm_alaw,pcm_mulaw,pcm_s16le,pcm_u8,speex
encoders=libvpx_vp9,libopus,aac

./configure \
  --prefix=/usr --disable-everything --disable-autodetect --disable-doc --disable-debug --disable-network \
  --disable-ffplay --disable-avdevice \
  --enable-small --enable-pthreads \
  --enable-static --disable-shared --pkg-config-flags=--static --extra-ldflags=-static \
  --enable-libvpx --enable-libopus --enable-libaom \
  --enable-protocol=file,pipe \
  --enable-demuxer=concat,flv,matroska,mov \
  --enable-muxer=flv,mp4,webm \
  --enable-parser=aac,ac3,av1,flac,h264,hevc,mpegaudio,opus,vp8,vp9 \
  --enable-decoder="$video_decoders,$audio_decoders" \
  --enable-encoder="$encoders" \
  --enable-bsf=extract_extradata,vp9_superframe,null \
  --enable-filter=aresample,aformat,anull,scale,fps,format,null,pad,setsar \
  || { tail -50 ffbuild/config.log >&2; exit 1; }
make -j"$(nproc)" ffmpeg ffprobe
strip ffmpeg ffprobe
mkdir -p "$out"
cp ffmpeg ffprobe "$out/"
"$out/ffmpeg" -hide_banner -version
