# The worker's image for those who prefer Docker: the same /app as the one that the CLI builds without it.
#   docker build -t worker .
# Debian, because Temporal's native core needs glibc: Alpine cannot run it.
FROM node:24-bookworm-slim AS build
WORKDIR /src
COPY worker/package.json worker/package-lock.json ./
RUN npm ci --ignore-scripts
COPY worker/ ./
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY worker/package.json worker/package-lock.json ./
# The package of the native core brings every platform's; what is loaded is this one's.
RUN npm ci --omit=dev --ignore-scripts \
 && cd node_modules/@temporalio/core-bridge \
 && rm -rf sdk-core bridge-macros src ts \
 && find releases -mindepth 1 -maxdepth 1 ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -rf {} +

FROM node:24-bookworm-slim
# The slim image has no CA certificates, and without them no TLS connection to Temporal.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=dependencies --chown=1000:1000 /app/node_modules ./node_modules
COPY --from=build --chown=1000:1000 /src/dist ./
ENV NODE_ENV=production
USER 1000:1000
# Exec form: node is PID 1 and gets SIGTERM itself. Fargate's own health check asks for the file of worker/health.ts.
ENTRYPOINT ["node"]
CMD ["main.js"]
