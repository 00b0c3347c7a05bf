# Utpost as an image. Build: docker build -t utpost .
# Run:   docker run -p 25:2525 -p 127.0.0.1:9925:9925 -v utpost:/var/lib/utpost -v ./utpost.toml:/etc/utpost.toml:ro \
#            utpost serve --config /etc/utpost.toml --listen 0.0.0.0:2525 --metrics 0.0.0.0:9925 --state /var/lib/utpost
# The file must name the relay (relay.address) and who may connect (access.networks): by default only the container itself.

FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY policies policies
RUN python -m venv /opt/utpost \
    && /opt/utpost/bin/pip install --no-cache-dir --disable-pip-version-check --use-pep517 .

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Utpost" \
      org.opencontainers.image.licenses="EUPL-1.2"
RUN useradd --no-log-init --uid 10001 --user-group --home-dir /var/lib/utpost --shell /usr/sbin/nologin utpost \
    && install -d -o utpost -g utpost -m 0700 /var/lib/utpost
COPY --from=build /opt/utpost /opt/utpost
ENV PATH=/opt/utpost/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
USER utpost
WORKDIR /var/lib/utpost
VOLUME /var/lib/utpost
EXPOSE 2525 9925
# The parent process reaps and forwards by itself: it may be process 1.
STOPSIGNAL SIGTERM
# Asks the running service whether it is ready, over its own operations port.
HEALTHCHECK --interval=30s --timeout=12s --start-period=20s --retries=3 CMD ["utpost", "health"]
ENTRYPOINT ["utpost"]
CMD ["serve", "--listen", "0.0.0.0:2525", "--metrics", "0.0.0.0:9925", "--state", "/var/lib/utpost"]
