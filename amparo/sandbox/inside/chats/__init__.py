"""One reader for each chat format; all give the same reading, one JSON object, an item a line (writing.py writes it):

format          whatsapp, telegram, discord, signal, lava, ufed
date_order      "dmy", "mdy", "ymd", or "ambiguous": then `alternatives` names the orders that fit, and `ts` follows the first
date_order_evidence  why, in words
zone_offset     "+02:00" where the export says how far its clock stands from UTC; else null: the zone is evidence to be added
zone_offsets    all of them, where there are several (summer and winter); zone_offset is null then
items           in the file's order; `ts` "2019-05-04T21:00:00", the wall clock as written, null where there is none; `raw` the
                stamp as written, `line` where the item begins (line of a text, else number of the item), `lines` how many
  message       sender; kind (text, media, deleted, view_once, location, live_location, contact, poll); text (with media, its
                caption); media null or {name, type, omitted}, type one of image, video, audio, voice, sticker, gif, document,
                contact, unknown
  event         type (see wordings/; "notice" for one that no table knows), actor, targets, value, text as written
                beside these, where the format has them: edited, offset, sender_id, reply_to, forwarded_from, files, chat...
chats           of an export of several, each with its number, which its items bear as `chat`, and its own members
members         every sender, actor and target, in order of appearance; `exporter` is the word the file uses for its own owner
lines           of the file; every one that isn't blank is part of an item; those that fit no pattern are each an item of type
                "notice" without `ts`, marked `unsupported`, and counted in `unsupported` {count, lines: [{line, text}]}
"""
