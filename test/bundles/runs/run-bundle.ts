import type { Changes } from '../bundle-changes.ts';
import { validFile } from '../files-of.ts';

export const TAKES = `takes: { 'Action::"open"': [resource.labels, context.input.label] }`;

/** Files that add labelled files, an action that takes their labels, and one that looks at the run. */
export function running(labels: string | undefined = TAKES, policies = '', run = ''): Changes {
  return {
    'bundle.yaml': `${validFile('bundle.yaml')}${labels === undefined ? '' : `labels: { ${labels} }\n`}`,
    'schema.cedarschema': `${validFile('schema.cedarschema')}
entity File { labels: Set<String>, maybe?: String, meta: { of: Set<Long> } };
action files;
action open in [files] appliesTo { principal: User, resource: File, context: { input: { label: String } } };
action post appliesTo {
  principal: User,
  resource: File,
  context: { pdp: { run: { labels: Set<String>, actions: { open?: { count: Long, last: datetime } ${run} } } } }
};
`,
    'run.cedar': `@id("opens")
permit (principal, action == Action::"open", resource);

@id("posts")
permit (principal, action == Action::"post", resource)
unless { context.pdp.run.labels.contains("secret") || !(context.pdp.run.actions has open) };
${policies}`,
  };
}

/** A policy that looks for a label. */
export function looksFor(condition: string): string {
  return `@id("looks")\nforbid (principal, action == Action::"post", resource) when { ${condition} };\n`;
}
