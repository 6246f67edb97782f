# One image for every process; docker-compose.yml says which one a container runs.
FROM python:3.13-slim AS build
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
WORKDIR /app
COPY pyproject.toml constraints.txt ./
# Dependencies first: they change less often than the code. TORCH_INDEX may name PyTorch's CPU or CUDA index.
ARG TORCH_INDEX=""
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -c constraints.txt torch
COPY . .
RUN pip install --no-cache-dir -c constraints.txt .

FROM python:3.13-slim
RUN useradd --system --create-home --uid 10001 listkeeper && mkdir /data && chown listkeeper /data
COPY --from=build /venv /venv
COPY --from=build --chown=root:root /app /app
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 LISTKEEPER_DATA_DIR=/data
WORKDIR /app
USER listkeeper
VOLUME /data
EXPOSE 8000
CMD ["sh", "-c", "python manage.py collectstatic --noinput --clear --verbosity 0 && exec gunicorn kbsite.wsgi --bind 0.0.0.0:8000 --workers 2 --threads 4"]
