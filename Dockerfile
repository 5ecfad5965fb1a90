# The exporter as a container: docs/container.md says how to run it, what it weighs, and why it is made like this.
ARG PYTHON_IMAGE=docker.io/library/python:3.13-slim

FROM ${PYTHON_IMAGE} AS build
# pip has an environment of its own and stays behind: the one that is copied holds the dependencies and nothing else.
RUN python -m venv /opt/pip && python -m venv --without-pip /opt/venv
COPY requirements.txt /
# Compiled here, because nothing can be written later, and never compared with the sources again.
RUN /opt/pip/bin/pip --python /opt/venv install --no-cache-dir --disable-pip-version-check --no-compile \
        --no-deps --only-binary=:all: --require-hashes --requirement /requirements.txt \
    && python -m compileall -q --invalidation-mode unchecked-hash /opt/venv/lib
COPY LICENSE /app/
COPY o365_exporter /app/o365_exporter
# Readable for every user, whatever the umask of the clone was.
RUN chmod -R a+rX /app && python -m compileall -q --invalidation-mode unchecked-hash /app

FROM ${PYTHON_IMAGE}
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:${PATH} \
    PYTHONPATH=/app \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
# Group 0 as well, for OpenShift's users have no number of their own; files in it are for their owner alone.
RUN mkdir -m 0770 /var/lib/o365-exporter && chown 65532:0 /var/lib/o365-exporter
ENV O365_STATE_DIR=/var/lib/o365-exporter
VOLUME /var/lib/o365-exporter
# A number, so that Kubernetes can see that it is not root.
USER 65532:65532
EXPOSE 10365
STOPSIGNAL SIGTERM
# No command of the exporter, whose imports take ten times as long; and http.client asks no proxy.
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["python", "-c", "\
import http.client, os; \
listen = os.environ.get('O365_LISTEN') or ':10365'; \
web = http.client.HTTPConnection('localhost' + listen if listen[0] == ':' else listen, timeout=4); \
web.request('GET', '/-/healthy'); \
raise SystemExit(web.getresponse().status != 200)"]
ENTRYPOINT ["python", "-m", "o365_exporter"]
CMD ["run"]
# Last, so that a new commit alone gives no new layers.
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="o365-exporter" \
      org.opencontainers.image.description="Prometheus exporter for Microsoft 365: service health, credential expiry, subscriptions and usage reports of many tenants" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
