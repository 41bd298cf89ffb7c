# syntax=docker/dockerfile:1

FROM node:26-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY src src
COPY workers workers
RUN npm run build

FROM node:26-slim AS dependencies
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:26-slim
LABEL org.opencontainers.image.title="asgigram" \
      org.opencontainers.image.description="An ASGI-style protocol server for Telegram bots" \
      org.opencontainers.image.licenses="BSD-3-Clause"
WORKDIR /opt/asgigram
COPY --from=dependencies /src/node_modules node_modules
COPY --from=build /src/dist dist
COPY package.json LICENSE ./
COPY examples examples
# The command, and the package for bots in any folder to import; /data belongs to the user that the server runs as.
RUN ln -s /opt/asgigram/dist/src/bin.js /usr/local/bin/asgigram \
 && chmod +x dist/src/bin.js \
 && mkdir -p /node_modules /data /bot \
 && ln -s /opt/asgigram /node_modules/asgigram \
 && chown node:node /data
ENV NODE_ENV=production \
    ASGIGRAM_INBOX=/data/inbox.sqlite
USER node
WORKDIR /bot
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["asgigram"]
CMD ["--help"]
