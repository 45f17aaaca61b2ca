# Storyreel: a server (`serve`, the default) or a worker (`worker`), by the same image.
#
# Inside a container loopback reaches nobody, so it listens to all and everybody has to show a token
# (the README says how to make the first one). STORYREEL_AUTH=jwt lets an identity provider vouch.

FROM python:3.11-slim AS build
WORKDIR /build
COPY pyproject.toml requirements.lock ./
# uv comes first and alone, by its own hashes in the lock; then what the project itself asks for, in
# the versions and with the hashes of the lock, which knows the tools of development too.
RUN sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.lock \
    && pip install --no-cache-dir --require-hashes --requirement uv.lock \
    && python -m venv --without-pip /opt/storyreel \
    && uv pip install --no-cache --compile-bytecode --python /opt/storyreel/bin/python \
        --constraints requirements.lock --requirements pyproject.toml

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin storyreel \
    && install --directory --owner=storyreel --mode=0700 /data
COPY --from=build /opt/storyreel /opt/storyreel
WORKDIR /app
COPY storyreel storyreel
COPY resolvers resolvers
COPY schema schema
COPY services services
COPY models models
COPY migrations migrations
ENV PATH=/opt/storyreel/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    STORYREEL_DATA_DIR=/data \
    STORYREEL_LOG_FORMAT=json \
    STORYREEL_AUTH=token \
    STORYREEL_HOST=0.0.0.0 \
    STORYREEL_PORT=8000 \
    STORYREEL_WORKER_PORT=8010
USER 10001
VOLUME /data
EXPOSE 8000 8010
# Of a worker: name its port in HEALTH_PORT.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", \
    "import os, urllib.request as web; port = os.environ.get('HEALTH_PORT') or os.environ['STORYREEL_PORT']; web.urlopen(f'http://127.0.0.1:{port}/healthz', timeout=4)"]
# SIGTERM ends it in good order; give it STORYREEL_DRAIN_SECONDS twice, for requests and for jobs.
ENTRYPOINT ["python", "-m", "storyreel"]
CMD ["serve"]
