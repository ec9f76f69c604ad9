# Stands in for debian:trixie-slim where no registry is reachable.
FROM scratch
ADD rootfs.tar /
CMD ["bash"]
