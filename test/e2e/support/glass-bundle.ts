import type { BundleFiles } from '../../../services/bundles/files.ts';

/** Anybody reads; nobody deploys but under break-glass; the vault stays closed to all, since its policy does not know of such a thing. */
export function glassBundle(): BundleFiles {
  const texts = {
    'bundle.yaml': `format_version: 1
name: frozen
version: 1.0.0
description: Nothing is deployed but under break-glass
owners: [tests]
entity_sources: { User: bundle, Service: bundle }
`,
    'schema.cedarschema': `type BreakGlass = { by: Set<String>, ticket: String, until: datetime };
entity User, Service;
action read appliesTo { principal: User, resource: Service, context: {} };
action deploy, restart, open_vault appliesTo {
  principal: User, resource: Service, context: { pdp: { breakGlass?: BreakGlass } }
};
`,
    'frozen.cedar': `@id("anyone")
permit (principal, action, resource);

@id("frozen")
@reason("Nothing is deployed today.")
forbid (principal, action in [Action::"deploy", Action::"restart"], resource)
unless { context.pdp has breakGlass && context.pdp.breakGlass.by.contains("olga") };

@id("vault")
forbid (principal, action == Action::"open_vault", resource);
`,
  };

  return new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
}
