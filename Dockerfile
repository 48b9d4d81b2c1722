# Builds the program; then only the program, certificates, and curl for the health check.

FROM rust:1.95-bookworm AS build
WORKDIR /build
COPY . .
RUN cargo build --locked --release --workspace --bins

FROM debian:bookworm-slim
# The EventStoreDB client does not work without certificates, even where no TLS is used.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/jangteo --create-home jangteo
COPY --from=build /build/target/release/jangteo /usr/local/bin/jangteo
COPY LICENSE /usr/share/doc/jangteo/LICENSE

USER jangteo
WORKDIR /var/lib/jangteo
ENV JANGTEO_DATA_DIR=/var/lib/jangteo/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health/live"]
ENTRYPOINT ["jangteo"]
CMD ["serve"]
