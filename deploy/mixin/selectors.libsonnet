// Puts a selector into every use of a metric of the exporter in a text that holds PromQL.
local isWordCharacter(character) = std.member(
  'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:', character
);

local wordLength(text, at=0) =
  if at < std.length(text) && isWordCharacter(text[at]) then wordLength(text, at + 1) tailstrict else at;

// `text` follows the prefix o365_ of a metric; recorded series, with a colon, are made of selected metrics already.
local selected(text, selector) =
  local end = wordLength(text);
  local name = text[:end], rest = text[end:];
  if name == 'exporter' then text  // the program's own name, in prose
  else if std.startsWith(rest, '{}') then name + '{' + selector + rest[1:]
  else if std.startsWith(rest, '{') then name + '{' + selector + ',' + rest[1:]
  else name + '{' + selector + '}' + rest;

function(text, selector)
  local pieces = std.split(text, 'o365_');
  local startsWord(at) = local before = pieces[at - 1]; before == '' || !isWordCharacter(before[std.length(before) - 1]);
  if selector == '' then text
  else std.join('o365_', [
    if at > 0 && startsWord(at) then selected(pieces[at], selector) else pieces[at]
    for at in std.range(0, std.length(pieces) - 1)
  ])
