# Palisade as an image. It runs as a number and not as root, writes nowhere but to /var/lib/palisade (mount volumes there)
# and to /tmp (mount a tmpfs), and so can have a root file system that is read-only.

# The packages of production. What is optional is the Node and the PostgreSQL that `palisade start` brings along.
FROM node:24.21.0-trixie-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts && npm cache clean --force

FROM node:24.21.0-trixie-slim
LABEL org.opencontainers.image.title="Palisade" \
      org.opencontainers.image.description="A policy decision point for AI agents" \
      org.opencontainers.image.licenses="Apache-2.0"

# Nothing is installed at run time. Volumes that are mounted here while empty take over the owner of these folders.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
           /usr/local/bin/yarn /usr/local/bin/yarnpkg \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/palisade \
        /var/lib/palisade/spool /var/lib/palisade/keyring /var/lib/palisade/admin

WORKDIR /app
COPY package.json LICENSE ./
COPY migrations migrations
COPY policies policies
COPY proto proto
COPY services services
COPY --from=packages /app/node_modules node_modules
RUN chmod 0755 services/cli/palisade.js && ln -s /app/services/cli/palisade.js /usr/local/bin/palisade

# Types are stripped once and not at each health check, where /tmp can be written; where it cannot, it goes without.
ENV NODE_ENV=production \
    NODE_COMPILE_CACHE=/tmp/palisade

USER 10001:10001
EXPOSE 7180 7181 7182
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["palisade", "healthcheck"]
ENTRYPOINT ["palisade"]
CMD ["serve"]
