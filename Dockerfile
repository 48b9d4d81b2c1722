# syntax=docker/dockerfile:1
# Builds the program; then only the program, certificates, and curl for the health check.

FROM rust:1.95.0-bookworm AS build
WORKDIR /build
COPY . .
# What was downloaded and compiled is kept between builds, so a change compiles what it touches.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/build/target \
    cargo build --locked --release --workspace --bins \
    && install -D target/release/jangteo /out/jangteo

FROM debian:bookworm-20260824-slim
# The EventStoreDB client does not work without certificates, even where no TLS is used. Versions of
# Debian's packages are not pinned: a security fix takes the place of what it fixes.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && groupadd --system --gid 10001 jangteo \
    && useradd --system --uid 10001 --gid jangteo --home-dir /var/lib/jangteo --create-home jangteo
COPY --from=build /out/jangteo /usr/local/bin/jangteo
COPY LICENSE /usr/share/doc/jangteo/LICENSE

# By number, so that Kubernetes can see that it is not root.
USER 10001:10001
WORKDIR /var/lib/jangteo
ENV JANGTEO_DATA_DIR=/var/lib/jangteo/data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--show-error", "--output", "/dev/null", "http://127.0.0.1:8080/health/live"]
ENTRYPOINT ["jangteo"]
CMD ["serve"]
