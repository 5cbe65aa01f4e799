import { z } from "zod";
import { domain, label } from "./names.ts";
import { settings } from "./quantity.ts";

export const edge = z
  .strictObject({
    zone: domain.meta({ description: "<host>.edge.<zone> names each edge." }),
    certificate: label.meta({ description: "Name of a certificate of this file." }),
    names: z.array(domain).min(1).meta({ description: "Names that the edges answer to." }),
    nginx: settings,
  })
  .meta({ description: "nginx on the hosts with the role edge." });
