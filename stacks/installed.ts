// The bindings that the platform file's zones need, as a rule of synthesis: who only applies an output needs none.
import { type Binding, bindingFault } from "../constructs/bindings.ts";
import type { Rule } from "../platform/rules/rule.ts";

const BINDINGS: Readonly<Record<string, Binding>> = {
  cloudflare: "@cdktf/provider-cloudflare",
  route53: "@cdktf/provider-aws",
};

/** Answers by location are of zones on Route 53, so that each binding that a stack needs is needed by a zone. */
export const bindingInstalled: Rule = {
  id: "binding-installed",
  find: ({ zones }) =>
    zones.flatMap(({ path, provider }) => {
      const binding = BINDINGS[provider ?? ""];
      const message = binding && bindingFault(binding);
      return message === undefined ? [] : [{ path: [...path, "provider"], message }];
    }),
};
