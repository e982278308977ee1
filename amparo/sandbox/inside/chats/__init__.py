"""One reader for each chat format; all give the same reading, one JSON object:

format          "whatsapp"
date_order      "dmy", "mdy", "ymd", or "ambiguous": then `alternatives` names the orders that fit, and `ts` follows the first
zone_offset     null: these are wall clocks, whose zone is evidence to be added
items           in the file's order; `ts` "2019-05-04T21:00:00", `raw` the stamp as written, `line` the first, `lines` how many
  message       sender; kind (text, media, deleted, view_once, location, live_location, contact, poll); text (with media, its
                caption); media null or {name, type, omitted}, type one of image, video, audio, voice, sticker, gif, document,
                contact, unknown
  event         type (see wordings/; "notice" for one that no table knows), actor, targets, value, text as written
members         every sender, actor and target, in order of appearance; `exporter` is the word the file uses for its own owner
lines           of the file; each begins an item, continues one, or is in `unsupported` {count, lines: [{line, text}]}
"""
