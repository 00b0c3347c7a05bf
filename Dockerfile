# syntax is that of Dockerfile 1: buildah, podman and docker build it alike.
#
# Utpost as an image. Build: docker build -t utpost .
# Run, with nothing of it writable but the state folder and /tmp:
#   docker run --init --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \
#       -p 25:2525 -p 127.0.0.1:9925:9925 -v utpost:/var/lib/utpost -v ./etc:/etc/utpost:ro utpost \
#       serve --config /etc/utpost/utpost.toml --listen 0.0.0.0:2525 --metrics 0.0.0.0:9925 --state /var/lib/utpost
# /etc/utpost is what `utpost init` writes (relay.address, access.networks): by default only the container may connect.
#
# The base, by tag; for a build that can be repeated add its digest:  --build-arg BASE=python:3.11-slim-bookworm@sha256:…
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY policies policies
COPY deploy/constraints.txt deploy/constraints.txt
# Versions as tested (deploy/constraints.txt); pip itself stays out of the result.
RUN python -m venv /opt/utpost \
    && /opt/utpost/bin/pip install --no-cache-dir --disable-pip-version-check --use-pep517 -c deploy/constraints.txt . \
    && /opt/utpost/bin/python -m pip uninstall -q -y pip setuptools
# What is in it, as CycloneDX; its tool stays out of the result, too.
RUN python -m venv /opt/sbom \
    && /opt/sbom/bin/pip install --no-cache-dir --disable-pip-version-check "cyclonedx-bom>=7,<8" \
    && /opt/sbom/bin/cyclonedx-py environment --output-format JSON --output-file /opt/utpost/sbom.json /opt/utpost/bin/python

FROM ${BASE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Utpost" \
      org.opencontainers.image.description="Outgoing-mail gateway: makes the e-mail guideline for elected representatives work" \
      org.opencontainers.image.vendor="Örkelljunga kommun" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="EUPL-1.2"
# Versions are those of the base's release: a pinned one disappears from the archive with its next security fix.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends tesseract-ocr tesseract-ocr-swe tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt /var/log/apt /var/log/dpkg.log \
    && useradd --no-log-init --uid 10001 --user-group --home-dir /var/lib/utpost --shell /usr/sbin/nologin utpost \
    && install -d -o utpost -g utpost -m 0700 /var/lib/utpost
COPY --from=build /opt/utpost /opt/utpost
ENV PATH=/opt/utpost/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/utpost
VOLUME /var/lib/utpost
EXPOSE 2525 9925
STOPSIGNAL SIGTERM
# Asks the running service whether it is ready, over its own operations port.
HEALTHCHECK --interval=30s --timeout=12s --start-period=20s --retries=3 CMD ["utpost", "health"]
# tini reaps what the service leaves behind and passes signals on.
ENTRYPOINT ["/usr/bin/tini", "--", "utpost"]
CMD ["serve", "--listen", "0.0.0.0:2525", "--metrics", "0.0.0.0:9925", "--state", "/var/lib/utpost"]
