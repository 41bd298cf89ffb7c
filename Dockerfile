# asgigram without a bot: mount a bot at /bot, or build on this image (docs/deploy.md, examples/docker). The target simulator is the
# simulator alone.

ARG NODE=node:26-slim

# The final path: V8 finds compiled code by the paths of the source files.
FROM ${NODE} AS build
WORKDIR /opt/asgigram
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY examples/echo.ts examples/
COPY src src
COPY workers workers
COPY simulator simulator
COPY scripts/build-page.ts scripts/
RUN npm run build && chmod +x dist/src/cli/bin.js && mkdir dist/compiled && chown node dist/compiled
# Compiled by the user that will run it. In the image that user can only read it.
USER node
RUN export NODE_COMPILE_CACHE=/opt/asgigram/dist/compiled \
 && echo hello | dist/src/cli/bin.js simulate examples/echo.ts --inbox /tmp/inbox.sqlite --listen 127.0.0.1:0 \
 && { dist/src/cli/bin.js health 2>/dev/null || true; }
USER root
RUN chown -R root:root dist/compiled && chmod -R a+rX dist/compiled

FROM ${NODE} AS dependencies
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# The driver of --inbox postgres://… is for the user to install; here it comes with the image.
RUN npm ci --omit=dev --ignore-scripts && npm install --no-save --omit=dev --ignore-scripts pg

FROM ${NODE} AS bot
# tini as process 1 reaps the orphans of programs that a bot starts; Node.js would not.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/* /var/log/*
# The command, and the package where a bot in any folder finds it. The server writes only to /data.
RUN ln -s /opt/asgigram/dist/src/cli/bin.js /usr/local/bin/asgigram \
 && mkdir -p /node_modules /bot /data \
 && ln -s /opt/asgigram /node_modules/asgigram \
 && chown node:node /data
WORKDIR /opt/asgigram
COPY --from=dependencies /src/node_modules node_modules
COPY package.json LICENSE ./
COPY examples examples
COPY --from=build /opt/asgigram/dist dist

ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/opt/asgigram/dist/compiled \
    ASGIGRAM_INBOX=/data/inbox.sqlite \
    ASGIGRAM_LISTEN=127.0.0.1:8082
USER node
WORKDIR /bot
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["asgigram", "health"]
# Without the flag SIGUSR1 opens a debugger, through which the bot's code could read the token.
ENTRYPOINT ["tini", "--", "node", "--disable-sigusr1", "/usr/local/bin/asgigram"]
CMD ["--help"]

ARG VERSION=unknown
ARG REVISION=unknown
ARG CREATED=unknown
ARG SOURCE=unknown
LABEL org.opencontainers.image.title="asgigram" \
      org.opencontainers.image.description="An ASGI-style protocol server for Telegram bots" \
      org.opencontainers.image.licenses="BSD-3-Clause" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.source="${SOURCE}"

# A Bot API for tests of bots in any language: --target simulator (docs/simulator.md).
FROM bot AS simulator
EXPOSE 8081
HEALTHCHECK --interval=5s --timeout=5s CMD ["asgigram", "health", "--listen", "127.0.0.1:8081"]
CMD ["simulator", "--listen", "0.0.0.0:8081"]

FROM bot
