# The operator's image: the locked dependencies and the wheel in one virtual environment, and nothing to build with.

FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/base.txt requirements/build.txt requirements/
RUN python -m venv /opt/mailseal \
    && /opt/mailseal/bin/pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/base.txt \
    && pip install --no-cache-dir --only-binary :all: --require-hashes --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY operator/ operator/
RUN pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels . \
    && /opt/mailseal/bin/pip install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && /opt/mailseal/bin/pip check \
    && /opt/mailseal/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/mailseal /opt/mailseal
ENV PATH=/opt/mailseal/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["mailseal"]
CMD ["operator"]
