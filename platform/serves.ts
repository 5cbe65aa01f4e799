// Where clients are, as a region's row says whom it serves.
import { z } from "zod";

/** Where clients are: a continent, a country (ISO 3166-1 alpha-2), or everywhere else. */
export type Serves = "*" | { readonly continent: string } | { readonly country: string };

const CONTINENTS: readonly string[] = ["AF", "AN", "AS", "EU", "NA", "OC", "SA"];
/** ISO 3166-1 alpha-2, officially assigned. */
const COUNTRIES: readonly string[] = (
  "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ " +
  "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR " +
  "GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP " +
  "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT " +
  "MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW " +
  "SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ " +
  "UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
).split(" ");

const codes = ["*", ...CONTINENTS, ...COUNTRIES.flatMap((code) => countryCodes(code))];

export const serves = z
  .enum(codes, {
    error: 'expected a continent (AF AN AS EU NA OC SA), a country such as RU or country:SA, or "*"',
  })
  .transform(place)
  .meta({
    description:
      'A continent (AF AN AS EU NA OC SA), a country (ISO 3166-1), or "*" for everywhere else. ' +
      "A code that is both means the continent; country:SA is the country.",
  });

/** What a code means: of a code that is both a continent's and a country's, the continent. */
function place(code: string): Serves {
  if (code === "*") return code;
  if (code.startsWith("country:")) return { country: code.slice(8) };
  return CONTINENTS.includes(code) ? { continent: code } : { country: code };
}

function countryCodes(code: string): string[] {
  return CONTINENTS.includes(code) ? [`country:${code}`] : [code, `country:${code}`];
}
