# Stands in for node:26-trixie-slim where no registry is reachable.
ARG BASE_IMAGE=debian:trixie-slim
FROM ${BASE_IMAGE}
COPY node /usr/local/bin/node
CMD ["node"]
