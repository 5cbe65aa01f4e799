/**
 * Text of a file as it may be shown: what has no form of its own, and may turn round or hide what stands beside it,
 * is written as YAML and JSON escape it (Unicode Technical Report 36, section 2.5.5; control and format characters,
 * separators of lines, halves of pairs). A tab is a blank.
 */
export function visible(text: string): string {
  return text
    .replaceAll("\t", " ")
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) =>
      [...Array(character.length).keys()]
        .map((index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`)
        .join(""),
    );
}
