# Every sentence that people see, as HTML: <b> <i> <code> <a href="…"> and entities only; write & as &amp;.
# Values are escaped when a sentence is rendered. Numbers are grouped by language.

### Refusals and faults

error-bad-input = I could not make sense of that. Send me a few words to search for, or /help.
error-bad-button = This button does not work any more. Please search again.
error-expired = This has expired. Please search again.
error-not-yours = This button belongs to somebody else. Search for yourself to get your own.
error-not-permitted = You may not do that.
error-banned = You cannot use this bot.
error-banned-reason = You cannot use this bot. The reason: { $reason }
error-quota-exhausted = You have fetched all your files for today. The counter starts again at midnight.
error-rate-limited =
    { $seconds ->
        [one] That was too fast. Please wait { $seconds } second.
       *[other] That was too fast. Please wait { $seconds } seconds.
    }
error-rate-limited-minutes =
    { $minutes ->
        [one] That was too often. Please wait { $minutes } minute.
       *[other] That was too often. Please wait { $minutes } minutes.
    }
error-rate-limited-hours =
    { $hours ->
        [one] That was all for now. Please wait { $hours } hour.
       *[other] That was all for now. Please wait { $hours } hours.
    }
error-too-fast = That was too much at a time for me, and I left some of it out. Please go on more slowly.
error-busy = I am still busy with your last request. Wait until it is done, or stop it.
error-file-gone = This file is no longer available at its source.
error-source-unreadable = I cannot read the channel of this file at the moment. Please try again later.
error-unavailable = Something is not working on my side right now. Please try again in a moment.
error-library-preparing = The library is being prepared for searching. Please try again in a few minutes.
error-search-timeout = This search took too long. Please try again with more or rarer words.

### Search

search-too-short = That is too short. Please send at least two letters or digits.
search-no-words = I found no words in that. Please send a few letters or digits.
search-expired = This result page has expired. Please search again.
search-expired-again = This result page has expired. The button below searches again.

### Filters and suggestions

filter-bad-type = I do not know that type. Write <code>type:</code> and video, audio, document, photo or animation, or several: <code>type:video,audio</code>.
filter-bad-year = That is no year I can look for. Write <code>year:</code> and a year from 1900 to 2100: <code>year:1902</code>.
filter-bad-lang = I do not know that language. Write <code>lang:</code> and two letters or its name: <code>lang:ru</code>, <code>lang:german</code>.
filter-bad-quality = I do not know that quality. Write <code>quality:</code> and one such as 2160p, 1080p, 720p or 480p: <code>quality:1080p</code>.
filter-bad-season = That is no season. Write <code>season:</code> and a number from 0 to 999: <code>season:2</code>.
filter-bad-episode = That is no episode. Write <code>episode:</code> and a number from 0 to 999: <code>episode:11</code>.
filter-bad-minsize = That is no size. Write <code>minsize:</code> and bytes, or a number with KB, MB, GB or TB: <code>minsize:700MB</code>.
filter-bad-maxsize = That is no size. Write <code>maxsize:</code> and bytes, or a number with KB, MB, GB or TB: <code>maxsize:1.5GB</code>.
filter-twice = You wrote <code>{ $name }:</code> twice, with different values. Write it once.
filter-sizes-crossed = No file can be larger than your <code>minsize:</code> and smaller than your <code>maxsize:</code>. Swap the two.
search-help =
    <b>Words</b>

    Send a few words of a title or of a file's description, in any order and any script: <code>voyage moon</code>. Case and accents do not matter, a slip in a word is forgiven, and Latin letters find other scripts.

    Season, episode, year and quality may stand among the words in any usual spelling. They put the best match on top: <code>sherlock holmes s01e11</code>, <code>robin hood season 1 episode 2</code>, <code>metropolis 1927 1080p</code>.

    <b>Filters</b>

    They leave out everything else, and stand after the words or alone.

    Type: <code>moon type:video</code>, or several of video, audio, document, photo and animation: <code>type:audio,document</code>
    Year, 1900 to 2100: <code>moon year:1902</code>
    Language, two letters or a name: <code>lang:ru</code>, <code>kid lang:german</code>
    Quality: <code>metropolis quality:1080p</code>, <code>quality:4k</code>
    Season and episode, 0 to 999: <code>sherlock season:1 episode:11</code>
    Size in bytes, KB, MB, GB or TB: <code>moon minsize:700MB maxsize:1.5GB</code>, <code>maxsize:"2 GB"</code>

    Other words with a colon are just words: <code>Journey: the moon</code>.

    <b>Beginnings</b>

    Send /suggest and what you remember, and I offer how it may go on.
suggest-usage = Send /suggest and the beginning of a title, and I offer how it may go on: <code>/suggest moon voy</code>
suggest-title = Press what you would like to search for:
suggest-nothing = I know no title word that begins so. Try fewer letters, or send me the words to search for them.
suggest-not-ready = I am still learning the words of the library. Please try again in a minute, or send me the words to search for them.

### Start and help

start-greeting =
    Hello <b>{ $name }</b>!

    Send me the name of a film, a series, a book or a piece of music, and I will look it up for you.
    /help tells you more.
help-text =
    <b>How to search</b>

    Send a few words of a title, in any script: <code>moon voyage 1902</code>. Season, episode, year and quality put the best match on top: <code>sherlock holmes s01e11</code>.

    Press a file to get it, or <b>Send all</b> for the whole page. The arrows turn the pages.

    /search_help explains filters such as <code>type:video</code>, and /suggest offers how a title may go on.

    Is a channel missing? Forward me one of its posts, and I ask the moderators to index it.

### What the bot cannot do with a message

error-bad-link = This link is not valid. Send me a few words to search for, or ask whoever gave you the link for a new one.
error-link-failures =
    { $seconds ->
        [one] Too many links that are not valid. Please wait { $seconds } second before you open another one.
       *[other] Too many links that are not valid. Please wait { $seconds } seconds before you open another one.
    }
error-link-failures-minutes =
    { $minutes ->
        [one] Too many links that are not valid. Please wait { $minutes } minute before you open another one.
       *[other] Too many links that are not valid. Please wait { $minutes } minutes before you open another one.
    }
error-link-failures-hours =
    { $hours ->
        [one] Too many links that are not valid. Please wait { $hours } hour before you open another one.
       *[other] Too many links that are not valid. Please wait { $hours } hours before you open another one.
    }
error-unknown-command = I do not know this command. /help lists what I can do.
error-send-words = Send me words and I will look for files: the title of a film, a series, a book or a piece of music.
error-internal = Something went wrong on my side, and it has been noted. Please try again.
error-outcome-unknown = Telegram did not confirm that. If nothing arrived, please try again.

### Result pages

results-query = <b>{ $query }</b>
results-corrected =
    Showing results for <b>{ $corrected }</b>
    Nothing was found for { $query }.
results-range = { $first }–{ $last } of { $total }
results-range-over = { $first }–{ $last } of over { $total }
results-range-least = { $first }–{ $last } of at least { $total }
results-missing = ⚠️ A part of the library does not answer right now, so files may be missing.
results-narrowed = Only { $filters }
results-narrowed-nothing = None of the files found is all of that. Press a marked button to see more.
results-kind-video = 🎬 videos
results-kind-audio = 🎵 audio
results-kind-document = 📄 documents
results-kind-photo = 🖼 photos
results-kind-animation = 🎞 animations
results-empty-partial =
    Nothing found for <b>{ $query }</b>, but a part of the library does not answer right now. Please try again in a moment.
results-empty = Nothing found for <b>{ $query }</b>.
results-empty-hint = Try fewer words, or another spelling. /search_help tells how to search.
results-did-you-mean = Did you mean:
results-page-away = The files of this page are in a part of the library that does not answer right now. Please try again in a moment.
results-page-deleted = The files of this page were deleted meanwhile. Turn the page, or search again.
results-expired =
    <b>{ $query }</b>
    This result page has expired.
results-position = Page { $number } of { $pages }
search-page-empty = The files of this page were deleted meanwhile. Please search again.
button-send-all = Send all
button-send-window = Send all { $count }
button-open-own = 🔎 Open your own
button-search-again = 🔄 Search again
button-stop = Stop

### Deliveries

delivery-already-sent = This file is on its way already.
delivery-busy = I am still sending you files. Wait until they are there, or press Stop.
delivery-crowded = I am sending files to very many people at the moment. Please try again in a few minutes.
delivery-started =
    { $count ->
        [one] Sending one file
       *[other] Sending { $count } files
    }
delivery-progress = Sending files: { $sent } of { $total }
delivery-finished = Sent { $sent } of { $total } files.
delivery-stopped = Stopped after { $sent } of { $total } files.
delivery-waiting =
    { $ahead ->
        [0] Sent { $sent } of { $total } files. You are next.
        [one] Sent { $sent } of { $total } files. One other reader has a turn before you.
       *[other] Sent { $sent } of { $total } files. { $ahead } other readers have their turn before you.
    }
delivery-held =
    { $minutes ->
        [one] Sent { $sent } of { $total } files. Telegram lets me write to you again in a minute; I go on then.
       *[other] Sent { $sent } of { $total } files. Telegram lets me write to you again in { $minutes } minutes; I go on then.
    }
delivery-chat-held =
    { $minutes ->
        [one] Telegram lets me write to you again in a minute. Press again then; this does not count.
       *[other] Telegram lets me write to you again in { $minutes } minutes. Press again then; this does not count.
    }
delivery-stopped-restart = Stopped by a restart after { $sent } of { $total } files. The others do not count; ask for them again in a moment.
delivery-stopped-flood = Stopped after { $sent } of { $total } files, because Telegram makes me wait too long. The others do not count.
delivery-stopped-failed = Stopped after { $sent } of { $total } files, because something went wrong on my side. It has been noted; the others do not count.
delivery-stopped-lost = Stopped after { $sent } of { $total } files. The others do not count.
delivery-interrupted = I was restarted while I sent you files: { $sent } of { $total } were sent. The others do not count; ask for them again.
delivery-one-unknown = One more was on its way; it counts, as it may have arrived.
delivery-over = This was interrupted by a restart.
delivery-stopping = Stopping after the file that is on its way.
delivery-not-running = Nothing is being sent any more.
delivery-unconfirmed-count =
    { $count ->
        [one] One of them may not have arrived: Telegram did not confirm it.
       *[other] { $count } of them may not have arrived: Telegram did not confirm them.
    }
delivery-failed-count =
    { $count ->
        [one] One file could not be sent; it does not count.
       *[other] { $count } files could not be sent; they do not count.
    }
delivery-over-quota =
    { $count ->
        [one] One file is beyond what you may fetch today.
       *[other] { $count } files are beyond what you may fetch today.
    }
file-reports-new =
    { $count ->
        [one] One file could not be fetched from its channels any more when somebody wanted it. It left the results.
       *[other] { $count } files could not be fetched from their channels any more when somebody wanted them. They left the results.
    }

### Inline mode and links

inline-notice-invitation = Type a few words to search, or press here for help
inline-notice-nothing = Nothing found. Press here to see suggestions
inline-notice-nothing-partial = Nothing found, but a part of the library does not answer
inline-notice-partial = A part of the library does not answer: files may be missing
inline-corrected = Results for “{ $query }”
inline-description = { $size } · { $kind }
inline-kind-video = 🎬 Video
inline-kind-audio = 🎵 Audio
inline-kind-document = 📄 Document
inline-kind-photo = 🖼 Photo
inline-kind-animation = 🎞 Animation
inline-message =
    <b>{ $name }</b>
    { $size } · { $kind }
inline-button-get = Get the file

### Groups

group-admins-only = Only admins of this group may change that.
group-rights-unknown = Telegram does not tell me who the admins of this group are. Make me an admin, and try again.
group-sender-unknown = You write in the name of a chat, so I do not know who you are. Search as yourself, or in private chat with me.
group-mention-alone = Write what you look for next to my name.
group-mode-private = This command belongs into a group: its admins say there what counts as a search.
group-mode-unknown = I do not know { $mode }. Send <code>/search_mode all</code>, <code>/search_mode mention</code> or <code>/search_mode command</code>.
group-mode-now =
    What counts as a search here: <b>{ $mode }</b> ({ $meaning }).
    Admins change it with <code>/search_mode all</code>, <code>/search_mode mention</code> or <code>/search_mode command</code>.
group-mode-changed = What counts as a search here from now on: <b>{ $mode }</b> ({ $meaning }).
group-mode-all = every short message
group-mode-mention = words next to my name, replies to me, and /search
group-mode-command = /search alone
search-command-alone = Write what you look for after the command: <code>/search moon voyage</code>.

### Admins

admin-only = This command is for the admins of this bot. /help lists what I can do for you.
admin-not-your-role = Your role does not allow that. The owner of this bot may change it.
admin-private-only = Send me this command in our private chat: it is for admins alone, and everybody here would read the answer.
admin-forwarded = You have forwarded this command, so I do not take it for an order of yours. Write it yourself; or answer the forwarded message with /ban or another command about who wrote it.
admin-sender-unknown = You write in the name of a chat, so I do not know who you are. Send me this command in our private chat, as yourself.
admin-reply-gone = The message that you answer is gone. Answer another one, or write the id after the command.
admin-reply-without-file = The message that you answer has no file. Answer one that has, or write the file's id after the command. /id tells it.
admin-file-unknown = The library has no such file. Answer the file itself with the command, or ask /id for its id.
admin-file-bad-id = That is no id of a file. Answer the file itself with the command, or ask /id for its id.

### Channels of the index list

channel-add-usage = Send <code>/add_channel @name</code> or <code>/add_channel -1001234567890</code>, or answer a forwarded post of the channel with /add_channel. <code>db=2</code> behind it chooses the database that takes its files.
channel-remove-usage = Send <code>/remove_channel @name</code> or <code>/remove_channel -1001234567890</code>. /list_channels shows them.
channel-toggle-usage = Send <code>/toggle_channel @name</code> or <code>/toggle_channel -1001234567890</code> to switch a channel off or on. /list_channels shows them.
channel-bad-name = { $name } is no channel. Send its @name, its id such as <code>-1001234567890</code>, or a link of one of its posts.
channel-bad-database = Behind <code>db=</code> stands the number of a database: <code>db=2</code>.
channel-no-database = There is no database { $number }. The highest number is { $most }; leave <code>db=</code> out to let me choose.
channel-reply-not-forwarded = The message that you answer was not forwarded from a channel. Forward a post of the channel to me and answer that, or send its @name or id.
channel-not-readable = I cannot find { $channel }. If it exists, make me an admin of it, and try again.
channel-not-member = I am not in { $channel }. Make me an admin of it, and try again.
channel-not-admin = I am no admin of { $channel }, so its posts do not reach me. Make me one, and try again.
channel-listed-already = { $channel } is on the list already. /list_channels shows it.
channel-not-listed = This channel is not on the list. /list_channels shows those that are.
channel-added =
    <b>{ $channel }</b> (<code>{ $id }</code>) is on the list: what is posted there from now on goes into the library.
    For what was posted before, forward its last post to me.
channel-added-database = Its files go to database { $number } while that is healthy.
channel-removed = <b>{ $channel }</b> is not on the list any more. Its files stay in the library; /deleteall removes files.
channel-switched-on = <b>{ $channel }</b> is switched on again. I fetch what was posted meanwhile.
channel-switched-off = <b>{ $channel }</b> is switched off: what is posted there waits until you switch it on again.
channel-list-empty = No channel is on the list. Make me an admin of one and send <code>/add_channel @name</code>.
channel-list-title =
    { $count ->
        [one] <b>One channel</b>
       *[other] <b>{ $count } channels</b>
    }
channel-row =
    <b>{ $channel }</b>
    <code>{ $id }</code>
channel-state-on = ✅ up to date
channel-state-off = ⏹ switched off
channel-state-gap = 🔄 looking for missed posts
channel-state-paused =
    { $reason ->
        [private] ⏸ paused: it is private now, or I am no admin of it
       *[refused] ⏸ paused: Telegram refuses it
    }
channel-files =
    { $count ->
        [one] one file
       *[other] { $count } files
    }
channel-files-over = at least { $count } files
channel-files-unknown = files: not known right now
channel-pinned = pinned to database { $number }

### Deleting files

delete-usage = Answer a file with /delete, or send <code>/delete</code> and its id. /id tells it.
delete-done = <b>{ $name }</b> is deleted. A new post of it brings it back; to keep it out for good, use <code>/takedown { $id } reason</code>.
delete-not-everywhere = ⚠️ A part of the library does not answer and may still have it. Send the command again when it is back.
takedown-usage = Answer a file with <code>/takedown reason</code>, or send <code>/takedown id reason</code>. The reason is kept in the audit log. <code>/takedown undo id</code> takes it back.
takedown-undo-usage = Send <code>/takedown undo</code> and the id of the file that was taken down.
takedown-done = <b>{ $name }</b> is taken down: it is deleted, and no post of it is indexed any more. <code>/takedown undo { $id }</code> takes that back.
takedown-done-unknown = The library does not have this file, and no post of it is indexed from now on. <code>/takedown undo { $id }</code> takes that back.
takedown-not-blocked = No file with this id was taken down.
takedown-undone = <b>{ $name }</b> may be indexed again. Post it once more to bring it back.
deleteall-usage = Send <code>/deleteall</code> and words, as in a search: everything that has all of them is deleted, after you confirmed it.
deleteall-nothing = Nothing in the library has all words of <b>{ $query }</b>.
deleteall-question =
    { $count ->
        [one] Delete the one file that has all words of <b>{ $query }</b>? You have { $seconds } seconds to confirm.
       *[other] Delete all { $count } files that have all words of <b>{ $query }</b>? You have { $seconds } seconds to confirm.
    }
deleteall-question-over = Delete all files that have all words of <b>{ $query }</b>, more than { $count } of them? You have { $seconds } seconds to confirm.
deleteall-expired = This question is settled, or too old to be answered. Send /deleteall again.
deleteall-not-yours = Another admin was asked this. Send /deleteall yourself.
deleteall-busy = I am still deleting files. Wait until that is done.
deleteall-cancelled = Nothing was deleted.
deleteall-progress = Deleting: { $count } so far.
deleteall-done =
    { $count ->
        [one] One file is deleted.
       *[other] { $count } files are deleted.
    }
deleteall-cut = { $count } files are deleted. A part of the library stopped answering; send /deleteall again for the rest.
button-delete-files = 🗑 Delete
button-keep-files = Keep them
drop-box-deleted = 🗑 { $name } is deleted from the library.
drop-box-partly = ⚠️ { $name } is deleted where the library answers. Post it again when all of it is back.
drop-box-unknown = { $name } is not in the library.

### Looking at the set-up

check-channels = { $readable } of { $count } channels can be read.
check-all-well = ✅ Everything is as it should be.
check-first-run = <b>Something is left to do before I can index everything.</b>
check-no-channels = <b>No channel is indexed yet.</b> Make me an admin of a channel and send me <code>/add_channel @name</code>, or its id.
check-channel-gone = ❌ I may not see <b>{ $channel }</b> (<code>{ $id }</code>). Make me an admin of it again, or take it off the list with /remove_channel.
check-channel-not-admin = ❌ I am no admin of <b>{ $channel }</b>, so its posts do not reach me. Make me an admin there.
check-channel-database = ❌ <b>{ $channel }</b> is pinned to database { $number }, which does not exist. Remove it and add it again.
check-inline-off = ❌ Inline mode is off. Send /setinline to @BotFather, choose me, and write a hint such as “Search files”.
check-privacy-on = ℹ️ Group privacy is on: in groups I see commands, replies to me and my name only. For searches by plain words, send /setprivacy to @BotFather, choose me and Disable, then add me to the group again.
check-http-token = ❌ The HTTP pages can be reached from outside, and HTTP_TOKEN is not set. Set it in the environment and restart me.
check-drop-box = ❌ I cannot use the drop box { $channel } (DELETE_CHANNEL). Make me an admin there with the right to post.
check-drop-box-indexed = ❌ The drop box { $channel } (DELETE_CHANNEL) is on the index list too, and nothing of it is indexed. Take it off the list with /remove_channel.
check-commands = ℹ️ My commands are published by myself; there is nothing to do at @BotFather for them.
check-inline-feedback = ℹ️ What I cannot see from here: /setinlinefeedback at @BotFather, at 100%, counts the files that people choose inline.
check-again = /verify looks again.

### Roles and bans

person-bad-id = <code>{ $name }</code> is no id of a person. Write the number that /id tells, or an @name, or answer one of their messages.
person-unknown-name = Nobody is called { $name }, or it is not a person. Write the id instead.
person-hidden = That message does not tell who wrote it: forward one of theirs to me and answer that, or write the id or @name. People may hide behind their forwarded messages; then only the id helps.
person-not-sender = No person wrote that message, or I cannot see who. Write the id or @name.
person-named-twice = Either answer a message, or write an id or @name, not both.
ban-usage = Write whom to ban, and why: <code>/ban 123456789 spam</code>, <code>/ban @name spam</code>. Or answer a message of theirs: <code>/ban spam</code>. The reason is told to them.
ban-yourself = You cannot ban yourself.
ban-not-below = You can ban only people whose role is below yours.
ban-long-reason =
    { $count ->
        [one] The reason may have { $count } character.
       *[other] The reason may have { $count } characters.
    }
ban-done = { $name } (<code>{ $id }</code>) is banned. /unban allows them again.
unban-usage = Write whom to allow again: <code>/unban 123456789</code> or <code>/unban @name</code>. Or answer a message of theirs with /unban alone.
unban-not-banned = <code>{ $id }</code> is not banned.
unban-done = { $name } (<code>{ $id }</code>) may use me again.
banned-nobody = Nobody is banned.
banned-title =
    { $count ->
        [one] <b>{ $count } person is banned</b>
       *[other] <b>{ $count } people are banned</b>
    }
banned-row = { $name } (<code>{ $id }</code>), { $at }, by <code>{ $by }</code>
banned-reason = Reason: { $reason }
role-usage = Write whose role: <code>/role 123456789</code> tells it, <code>/role 123456789 moderator</code> gives one. Roles: moderator, admin, and reader, which takes the role away. An @name will do as well.
role-not-given = The roles I can give are moderator and admin; reader takes the role away.
role-named-in-settings = The settings of the bot name this person. Only whoever runs it can change that.
role-unknown-person = <code>{ $id }</code> has never written to me. Ask them to start me first.
role-banned = <code>{ $id }</code> is banned, and a role would be of no use. Send <code>/unban { $id }</code> first, then give the role.
role-not-below = You can change only the roles of people below you, to roles below yours.
role-is = <code>{ $id }</code> is { $role }.
role-given = { $name } (<code>{ $id }</code>) is { $role } now.
role-list-title = <b>Who helps to run me</b>
role-row = { $name } (<code>{ $id }</code>): { $role }
role-name-reader = a reader
role-name-moderator = a moderator
role-name-admin = an admin
role-name-owner = the owner

### Ids

id-own = Your id: <code>{ $id }</code>
id-chat = Id of this chat: <code>{ $id }</code>
id-channel = Id of the channel it was forwarded from: <code>{ $id }</code>
id-file = Id of the file: <code>{ $id }</code>
id-library = Id in the library: <code>{ $id }</code>

### Notices about indexing

notice-indexing-full =
    More is posted than I can store at once: { $depth } posts wait, { $rate } came each second.
    Nothing is lost: I fetch the rest from the channels as soon as there is room.
notice-channel-paused =
    I cannot read <b>{ $channel }</b> any more: { $reason ->
        [private] it is private now, or I am no admin of it
       *[refused] Telegram refuses it
    }. I look again every few minutes, and fetch what is posted meanwhile once I may read it.
notice-channel-resumed = I can read <b>{ $channel }</b> again, and fetch what I missed.

### Back-fill and requests to index

backfill-offer =
    { $total ->
        [one] Index one message of <b>{ $title }</b>?
       *[other] Index { $total } messages of <b>{ $title }</b>?
    }
    That is up to the post you sent me; what is posted from now on is indexed too.
backfill-offer-skip = I begin behind message { $skip }, as you said with /setskip.
backfill-declined = Nothing was indexed.
backfill-started = Indexing has begun.
backfill-pausing = Pausing after the block that is on its way.
backfill-resumed = Indexing goes on.
backfill-cancelling = Ending after the block that is on its way. What is stored stays.
backfill-state-running = ⏳ Indexing <b>{ $title }</b>
backfill-state-paused = ⏸ Indexing of <b>{ $title }</b> is paused
backfill-state-cancelled = ⏹ Indexing of <b>{ $title }</b> was cancelled; what is stored stays
backfill-state-done = ✅ <b>{ $title }</b> is indexed
backfill-reason-asked = Press Resume to let it go on.
backfill-reason-unreadable = I cannot read the channel any more. Make me an admin of it, then press Resume.
backfill-reason-failed = Something went wrong on my side, and it has been noted. Press Resume to try again.
backfill-walked = { $walked } of { $total } messages
backfill-counts = Files: { $new } new, { $known } known already
backfill-refused =
    { $count ->
        [one] One file could not be stored.
       *[other] { $count } files could not be stored.
    }
backfill-pace =
    { $rate ->
        [one] About one message a second, { $left } left
       *[other] { $rate } messages a second, { $left } left
    }
backfill-skip-now = The next channel is indexed from behind message { $skip }. Change it with <code>/setskip 1000</code>, or <code>/setskip 0</code> for the beginning.
backfill-skip-set = The next channel is indexed from behind message { $skip }.
error-setskip = Send the number of the last message that I should leave out: <code>/setskip 1000</code>, or <code>/setskip 0</code> for none.
error-backfill-unreadable = I cannot read this channel. Make me an admin of it, and try again.
error-backfill-no-post = I find no file in this post or in the messages before it. Forward me a post of the channel instead.
error-backfill-all-skipped = There is nothing left to index: I was told to begin behind message { $skip }, and this is message { $top }. Send /setskip 0 and try again.
error-backfill-busy = <b>{ $title }</b> is being indexed already. Wait until it is done, or cancel that first.
error-backfill-over = This job is over.
button-start-backfill = Start
button-cancel = Cancel
button-pause = Pause
button-resume = Resume
button-accept = Accept
button-reject = Reject
index-request-made = Thank you. I have asked the moderators to index <b>{ $title }</b>, and tell you what they say.
index-request-asked =
    <b>{ $name }</b> asks to index <b>{ $title }</b>, { $total ->
        [one] one message
       *[other] { $total } messages
    }.
index-request-indexed = The files of this channel are in the library already, or will be in a moment. Send me words to search for.
index-request-open = Somebody has asked for this channel before you. The moderators will decide.
index-request-rejected = The moderators have decided not to index this channel.
index-request-gone = This request is not open any more.
index-request-was-accepted = { $name } has accepted this request already.
index-request-was-rejected = { $name } has rejected this request already.
index-request-accepted = <b>{ $title }</b> is being indexed, as you asked. You can search for its files in a moment.
index-request-refused = The moderators have decided not to index <b>{ $title }</b>.
index-request-you-rejected = You have rejected what { $name } asked for: <b>{ $title }</b>.
notice-backfill-unreadable = I cannot read <b>{ $title }</b> any more, so indexing its older posts is paused. Make me an admin of it, then press Resume.

### Notices about the client

notice-clock-drifts = The clock of my machine and Telegram's differ by { $seconds } seconds. From 30 on I hear nothing any more: please see to it that the machine's time is kept, by NTP for example.

### Chats that readers have to be in

subscription-needed =
    <b>One step is missing.</b> To use me, join { $chats }. Then press “Try again”, and I go on with what you asked for.
subscription-unchecked =
    <b>I cannot see at the moment whether you are in { $chats }.</b> If you are not, join, and press “Try again” in a few minutes: I go on with what you asked for.
subscription-needed-press = Join the chats in my message first.
subscription-needed-still = You are not in { $chats } yet. Join, and press the button again.
subscription-unchecked-still = I still cannot see whether you are in { $chats }. Please try again in a few minutes.
subscription-needed-group = Join { $chats } first. The button opens our private chat, where I go on with what you asked for.
subscription-needed-inline = Join { $chats } to search here
subscription-resume-given = You have got this already. Ask me again if you need it once more.
subscription-resume-expired = This button is too old. Please ask me again.
subscription-resumed-in-group = Thank you. I have gone on with what you pressed in the group: look at the page there.
button-join = Join { $chat }
button-try-again = Try again
button-subscription-private = Go on in private
subscription-list-title =
    { $count ->
        [one] <b>Everybody has to be in this chat:</b>
       *[other] <b>Everybody has to be in these { $count } chats:</b>
    }
subscription-group-title =
    { $count ->
        [one] <b>To be served here, people have to be in this chat:</b>
       *[other] <b>To be served here, people have to be in these { $count } chats:</b>
    }
subscription-row = • <b>{ $chat }</b> <code>{ $id }</code> { $link }
subscription-list-empty = Nobody has to be in any chat.
subscription-added = Everybody has to be in <b>{ $chat }</b> (<code>{ $id }</code>) now. The way in: { $link }
subscription-removed = Nobody has to be in <b>{ $chat }</b> any more.
subscription-group-added = To be served here, people have to be in <b>{ $chat }</b> now.
subscription-group-removed = To be served here, nobody has to be in <b>{ $chat }</b> any more.
subscription-add-usage =
    Send <code>/fsub_add @name</code>, or an id. For a private chat I make a link; give me yours behind the id, or the word <code>request</code> for a link by which people ask to be let in.
subscription-remove-usage = Send <code>/fsub_remove @name</code>, or an id. /fsub shows the list.
subscription-group-usage = Send <code>/fsub_group add @name</code>, <code>/fsub_group remove @name</code> or <code>/fsub_group list</code>; an id will do, too.
subscription-group-private = This command belongs in the group that it is about.
subscription-bad-name = { $name } is no channel or group. Send me its @name or its id.
subscription-bad-link = This is no invitation. It looks like https://t.me/+AbCdEf123.
subscription-not-readable = I cannot find { $chat }. Add me to it as an admin, and try again.
subscription-not-admin = I do not see who is in <b>{ $chat }</b>. Make me an admin there, and try again.
subscription-no-link = I may not invite people to <b>{ $chat }</b>. Give me that right, or send me an invitation behind the id.
subscription-not-listed = This chat is not on the list.
subscription-not-yours = The chat is private, and I would show everybody the way in. Only an admin of it can put it on this list, in their own name.
subscription-list-full = There are { $most } chats on the list already. Take one off first.
check-subscription-gone = ❌ Readers have to be in <b>{ $chat }</b> (<code>{ $id }</code>), and I am not in it any more. Add me as an admin, or take it off the list with /fsub_remove.
check-subscription-not-admin = ❌ Readers have to be in <b>{ $chat }</b> (<code>{ $id }</code>), and I do not see who is. Make me an admin there.
check-subscription-no-link = ❌ Readers have to be in <b>{ $chat }</b> (<code>{ $id }</code>), and I have no link to it. Give me the right to invite, or send <code>/fsub_add</code> with an invitation.
check-subscription-no-requests = ℹ️ In <b>{ $chat }</b> (<code>{ $id }</code>) I may not invite, so I do not hear of people who ask to be let in.
notice-subscription-deny = I cannot see who is in <b>{ $chat }</b> (<code>{ $id }</code>), where readers have to be. <b>Readers are refused</b> until I can: make me an admin there again, or take it off the list with /fsub_remove.
notice-subscription-allow = I cannot see who is in <b>{ $chat }</b> (<code>{ $id }</code>), where readers have to be. <b>Readers are served without it</b> until I can: make me an admin there again, or take it off the list with /fsub_remove.
notice-subscription-works = I see again who is in <b>{ $chat }</b> (<code>{ $id }</code>).

### Premium

plans-title = <b>What you get</b>
plans-free =
    Free: { $limit ->
        [0] as many files as you like
        [one] one file a day
       *[other] { $limit } files a day
    }
plans-premium =
    Premium: { $limit ->
        [0] as many files as you like
        [one] one file a day
       *[other] { $limit } files a day
    }
plans-own-premium = You have premium until { $until }.
plans-own-over = Your premium ended on { $until }.
plans-own-free = You have no premium.
plans-left =
    { $left ->
        [0] You have fetched all files of today.
        [one] You can fetch one more file today.
       *[other] You can fetch { $left } more files today.
    }
plans-ask = Ask an admin for premium.
premium-given = 🎁 You have premium until { $until }. See /plans for what it gives.
premium-taken = Your premium was ended by an admin. See /plans for what you can still fetch.
premium-ends-soon = Your premium ends on { $until }. A renewal counts from then, so that you lose no day. See /plans.
premium-over = Your premium ended on { $until }. See /plans for what you can still fetch.
premium-given-to =
    { $days ->
        [one] Premium for <code>{ $id }</code>, one day more: until { $until }.
       *[other] Premium for <code>{ $id }</code>, { $days } days more: until { $until }.
    }
premium-taken-from = Premium of <code>{ $id }</code> has ended.
premium-person-told =
    { $outcome ->
        [told] The person was told.
        [later] Telegram does not answer at the moment: the person is told as soon as possible.
        [blocked] The person could not be told: they have blocked me.
        [deactivated] The person could not be told: the account is deleted.
        [never_started] The person could not be told: they have never started me. The premium counts nevertheless.
       *[refused] The person could not be told.
    }
premium-taken-person-told =
    { $outcome ->
        [told] The person was told.
        [later] Telegram does not answer at the moment, so the person was not told. /plans tells them.
        [blocked] The person could not be told: they have blocked me.
        [deactivated] The person could not be told: the account is deleted.
        [never_started] The person could not be told: they have never started me.
       *[refused] The person could not be told.
    }
premium-give-usage = Send <code>/addpremium 123456789 30d</code>: the person's id, and for how long: days (30 or 30d), weeks (4w), months (3m) or years (1y). Without it I give the usual time.
premium-take-usage = Send <code>/removepremium 123456789</code>: the person's id.
premium-bad-days =
    { $most ->
        [one] Premium can be given for one day at once.
       *[other] Premium can be given for 1 to { $most } days at once.
    }
premium-none = <code>{ $id }</code> has no premium.

### Command menu

command-start = Start over
command-bsetting = The settings: look, change, set back
command-search = Search, in groups too
command-help = How to search and fetch
command-search-help = Filters and spellings of searches
command-suggest = How a title may go on
command-setskip = Where indexing a channel begins
command-id = Ids of yourself, of the chat and of a file
command-add-channel = Index a channel: @name or id
command-remove-channel = Index a channel no more
command-toggle-channel = Switch a channel off or on
command-list-channels = The indexed channels
command-delete = Delete a file from the library
command-takedown = Delete a file and keep it out for good
command-deleteall = Delete everything that has some words
command-verify = Look for mistakes in the set-up
command-ban = Refuse a person: id or @name, and why
command-unban = Allow a person again
command-banned = Who is refused
command-plans = What free and premium give, and what is left today
command-addpremium = Give a person premium: id or @name, and how long
command-removepremium = End a person's premium
command-role = See or change what somebody may do
command-roles = Who helps to run me

### Captions

caption-kind-video = video
caption-kind-audio = audio
caption-kind-document = document
caption-kind-photo = photo
caption-kind-animation = animation
caption-unknown-field = There is no placeholder <code>{ $detail }</code>. Send /caption for those there are.
caption-bad-field = A placeholder is a name between braces and nothing else; <code>{ $detail }</code> is more than that.
caption-lone-brace = A brace stands alone at <code>{ $detail }</code>. Write it twice to show one.
caption-unknown-tag = Telegram does not know the tag <code>{ $detail }</code>. It knows b, i, u, s, code, pre, blockquote, tg-spoiler and a with an address; write &amp;lt; to show &lt;.
caption-bad-link = This link has no address that can be used: <code>{ $detail }</code>. It has to begin with https://, and of the placeholders it may hold bot_username only.
caption-not-closed = The tag <code>{ $detail }</code> is not closed.
caption-not-opened = The tag <code>{ $detail }</code> closes nothing: tags are closed in the opposite order.
caption-bad-character = The character <code>{ $detail }</code> cannot be used in a caption.
caption-too-long = This is longer than { $detail } characters, which leaves no room for what stands in it.
caption-usage =
    This is under every file I send:
    <code>{ $template }</code>

    <code>/caption</code> and a new text changes it, <code>/caption reset</code> shows each file's own caption again. Placeholders: { $fields }. Bold, italic and links are written in Telegram's HTML. What is empty for a file goes, with the brackets, the part between dots and the line around it.
caption-own = its own caption, or its name
caption-saved = From now on this is under every file I send. A file would look like this:
caption-reset = From now on every file has its own caption, or its name, under it.
command-caption = What stands under every file

### Messages that are deleted after a while

deletion-notice =
    { $count ->
        [one] ⏳ This file is deleted in { $time }. Save or forward it until then.
       *[other] ⏳ These { $count } files are deleted in { $time }. Save or forward them until then.
    }
deletion-notice-protected =
    { $count ->
        [one] ⏳ This file is deleted in { $time }.
       *[other] ⏳ These { $count } files are deleted in { $time }.
    }
deletion-done =
    { $count ->
        [one] 🗑 The file was deleted.
       *[other] 🗑 The { $count } files were deleted.
    }
deletion-again-expired = I do not remember these files any more. Please search for them again.
button-get-again = 🔄 Get it again

### Broadcasts

broadcast-usage =
    Answer the message that everybody should get with <code>/broadcast</code>. Behind the command you may say:
    • to whom: <code>all</code>, <code>premium</code>, <code>free</code>, <code>active:30</code> (seen within 30 days) or <code>lang:ru</code>
    • when: <code>at 18:30</code>, <code>at 2026-12-24 18:30</code> or <code>in 2h</code>
    • <code>pin</code>, to have it pinned in every chat
    Each line below the command is a row of buttons: <code>Our channel - https://t.me/example | Help - https://example.org</code>
broadcast-when-not = That moment is over, or more than a year away.
broadcast-unrepeatable = I cannot send this message again. Texts work, and messages with one photo, video, sticker or other file.
broadcast-refused = Telegram does not take this message: <code>{ $reason }</code>. Nothing was sent and nothing is kept; mend it and try again.
broadcast-nobody = There is nobody to send it to.
broadcast-question =
    { $count ->
        [one] This is how it looks. Send it to one person?
       *[other] This is how it looks. Send it to { $count } people?
    }
broadcast-pinned = It is pinned in every chat.
broadcast-due = It begins: { $moment }
broadcast-in-turn = It begins as soon as those before it are over.
broadcast-cancelled = Nothing was sent.
broadcast-expired = This question is settled, or too old to be answered. Send /broadcast again.
broadcast-not-yours = Another admin was asked this. Send /broadcast yourself.
broadcast-too-soon =
    { $minutes ->
        [one] There was a broadcast a moment ago. Press Send it again in a minute, or after /reset_broadcast_limit.
       *[other] There was a broadcast a moment ago. Press Send it again in { $minutes } minutes, or after /reset_broadcast_limit.
    }
broadcast-over = This broadcast is over, or does not do that now.
broadcast-none = There is no such broadcast. /broadcasts lists those that run, wait or are paused.
broadcast-none-listed = No broadcast runs, waits or is paused. Answer a message with /broadcast to send it to everybody.
broadcast-pausing = Pausing. What is on its way still arrives.
broadcast-resumed = It goes on.
broadcast-stopping = Stopping. What is on its way still arrives.
broadcast-limit-reset = The next broadcast may begin at once.
broadcast-to-all = For everybody
broadcast-to-premium = For people with premium
broadcast-to-free = For people without premium
broadcast-to-active =
    { $days ->
        [one] For people who were here today
       *[other] For people who were here within { $days } days
    }
broadcast-to-language = For people who read { $language }
broadcast-state-draft = <b>This broadcast is not confirmed.</b>
broadcast-state-waiting = 🕓 <b>This broadcast waits.</b>
broadcast-state-running = 📣 <b>The broadcast is on its way.</b>
broadcast-state-paused = ⏸ <b>The broadcast is paused.</b>
broadcast-state-stopped = ⏹ <b>The broadcast was stopped.</b>
broadcast-state-done = ✅ <b>The broadcast is done.</b>
broadcast-pause-asked = Press Resume to let it go on.
broadcast-pause-refused = Telegram refused it for many people in a row, so I did not go on.
broadcast-pause-source-gone = Its file cannot be sent any more, because the message that you answered is gone or has another file now. Stop this broadcast and begin another one.
broadcast-pause-failed = Something went wrong on my side, and it has been noted. Press Resume to try again.
broadcast-pause-not-allowed = Whoever ordered it may not send broadcasts any more. An admin who may lets it go on with Resume, or stops it.
notice-broadcast-withheld = A broadcast was due that { $person } ordered, who may not send broadcasts any more. It was not sent: /broadcasts shows it, with Resume and Stop.
broadcast-sent = Sent: { $sent } of { $total }
broadcast-lost-blocked =
    { $count ->
        [one] One person has blocked me.
       *[other] { $count } people have blocked me.
    }
broadcast-lost-deactivated =
    { $count ->
        [one] One account is deleted.
       *[other] { $count } accounts are deleted.
    }
broadcast-lost-never-started =
    { $count ->
        [one] One person never started me.
       *[other] { $count } people never started me.
    }
broadcast-failed =
    { $count ->
        [one] Not sent to one person: <code>{ $name }</code>
       *[other] Not sent to { $count } people: <code>{ $name }</code>
    }
broadcast-unsettled =
    { $count ->
        [one] One message was on its way when it was stopped; it may have arrived.
       *[other] { $count } messages were on their way when it was stopped; they may have arrived.
    }
broadcast-pace =
    { $rate ->
        [one] About one message a second, { $left } left
       *[other] { $rate } messages a second, { $left } left
    }
broadcast-took = It took { $took }.
button-send-broadcast = Send it
command-broadcast = Send the answered message to everybody
command-broadcasts = Broadcasts that run or wait
command-stop-broadcast = Stop a broadcast
command-pause-broadcast = Let a broadcast stand still
command-resume-broadcast = Let a broadcast go on
command-reset-broadcast-limit = Allow another broadcast now
command-fsub = The chats that readers have to be in
command-fsub-add = Have readers join a chat first: @name or id
command-fsub-remove = Require a chat no more

error-maintenance = I am being worked on at the moment. Please come back in a little while.
error-maintenance-text = { $text }
maintenance-on =
    <b>Maintenance mode is on.</b> Everybody without a role is told: { $text }

    Files that are on their way arrive, channels are indexed and broadcasts go on (/pause_broadcast). Turn it off with <code>/maintenance off</code>.
maintenance-off = Maintenance mode is off: everybody may use me. Turn it on with <code>/maintenance on</code>, with a sentence for readers behind it if you like.
maintenance-usage = Please write <code>/maintenance on</code>, <code>/maintenance on back at five</code> or <code>/maintenance off</code>.
maintenance-long-text = Please write no more than { $count } characters: an alert holds no more.
command-maintenance = Keep readers out, or let them in again

### Settings

conversation-cancelled = Cancelled. I wait for no answer any more.
conversation-none = There is nothing that I wait for.

setting-sections =
    <b>Settings</b>

    What you change is in force within two seconds, without a restart. <code>/bsetting name value</code> changes one at once.
setting-section = <b>{ $section }</b>, page { $number } of { $pages }
setting-section-search = Search
setting-section-delivery = Delivery
setting-section-premium = Limits and premium
setting-section-subscription = Chats to join
setting-section-databases = Databases
setting-section-indexing = Indexing
setting-section-broadcast = Broadcasts
setting-section-limits = Pace of people
setting-section-maintenance = Maintenance
setting-button = { $name }: { $value }
setting-previous = « Previous
setting-next = Next »
setting-back = ‹ Back
setting-edit = Change
setting-reset = Set back to the default
setting-turn-on = Turn on
setting-turn-off = Turn off
setting-choose = Choose “{ $choice }”
setting-empty = (nothing)
setting-title =
    <b>{ $name }</b>
    { $help }
setting-value = Now: <code>{ $value }</code>
setting-default = Default: <code>{ $value }</code>
setting-takes = Takes: { $takes }
setting-takes-whole = a whole number from { $least } to { $most }
setting-takes-number = a number from { $least } to { $most }
setting-takes-switch = on or off
setting-takes-choice = one of { $choices }
setting-takes-chats = ids such as -1001234567890 with commas between them, at most 10, of chats whose members I see
setting-takes-template = a text with placeholders; /caption names them
setting-takes-text = a text of at most { $most } characters
setting-source-default = Nobody has changed it.
setting-source-environment = An environment variable set it at the first start.
setting-source-person = Set by { $name } (<code>{ $id }</code>), { $at }.
setting-source-bot = Set by myself, { $at }.
setting-source-reset = Set back by { $name } (<code>{ $id }</code>), { $at }.
setting-source-spoilt = What is stored cannot be used, so the default rules.
setting-at-start = A change is in force from the next start on.
setting-ask =
    Send me the new value of <b>{ $name }</b>: { $takes }.
    Now: <code>{ $value }</code>

    /cancel leaves it as it is.
setting-changed = <b>{ $name }</b>: <code>{ $before }</code> → <code>{ $after }</code>
setting-changed-meanwhile = { $name } was changed meanwhile, so I left it as it is. Look at it again: /bsetting { $name }
setting-unknown = I have no setting { $name }. /bsetting shows all there are.
setting-holds-secret = That contains a secret of mine, such as a password or a token. I do not keep those in settings.
setting-no-database = I have { $count } databases; 0 leaves the choice to me.
setting-rule = { $smaller } may not be larger than { $larger }. { $other } is { $value }; change that first.
setting-rule-endless = { $smaller } may not be larger than { $larger }, where 0 is no limit at all. { $other } is { $value }; change that first.
setting-bad-whole = I cannot use that: it has to be a whole number from { $least } to { $most }. Nothing has changed.
setting-bad-number = I cannot use that: it has to be a number from { $least } to { $most }. Nothing has changed.
setting-bad-switch = I cannot use that: it has to be on or off. Nothing has changed.
setting-bad-choice = I cannot use that: it has to be one of { $choices }. Nothing has changed.
setting-bad-chats = I cannot use that: it has to be ids such as -1001234567890 with commas between them, at most 10. Nothing has changed.
setting-bad-text = I cannot use that: it has to be a text of at most { $most } characters. Nothing has changed.

database-title = <b>Database { $number }</b>
database-title-named = <b>Database { $number }</b> (<code>{ $name }</code>)
database-breaker-closed = It answers, for { $since }.
database-breaker-half-open = It is being tried again, for { $since }.
database-breaker-open = It did not answer, and has been left alone for { $since }.
database-size =
    { $count ->
        [one] { $used } of { $limit }, about one file
       *[other] { $used } of { $limit }, about { $count } files
    }
database-size-unlimited =
    { $count ->
        [one] { $used } without a limit, about one file
       *[other] { $used } without a limit, about { $count } files
    }
database-size-unknown = It has not been measured yet.
database-role-only = New files go here.
database-role-chosen = New files go here, as an admin chose.
database-role-current = New files go here until it is full.
database-role-stands-in = New files go here in place of the chosen one.
database-role-down = It takes no new files: it does not answer.
database-role-unmeasured = It takes no new files until it is measured and its index is built.
database-role-resting = It takes no new files for a minute: it refused some, or came back a moment ago.
database-role-full = It takes no new files: it is full.
database-role-spare = It could take new files; another one does.
database-room = { $room } of room is left.
database-measured = Measured { $since } ago.
database-answer =
    { $count ->
        [one] Its last answer took one millisecond.
       *[other] Its last answer took { $count } milliseconds.
    }
database-waiting =
    { $count ->
        [0] No change of a file waits for it.
        [one] One change of a file waits for it.
       *[other] { $count } changes of files wait for it.
    }
database-waiting-unknown = How many changes wait for it is not known: the primary database does not answer.
database-unknown =
    { $count ->
        [one] There is one database only; its number is 1.
       *[other] There is no such database; their numbers are 1 to { $count }.
    }
databases-switch-alone = New files leave a full or failing database by themselves. Choose one with <code>/dbswitch 2</code>, look closer with <code>/dbinfo 2</code>.
databases-switch-by-hand = New files leave a full or failing database only by hand (<code>DATABASE_AUTO_SWITCH</code> is off). Choose one with <code>/dbswitch 2</code>, look closer with <code>/dbinfo 2</code>.
dbinfo-usage = Please name a database by its number, for example <code>/dbinfo 2</code>.
dbswitch-usage = Please name a database by its number, for example <code>/dbswitch 2</code>, or write <code>/dbswitch auto</code>.
dbswitch-done = Database { $number } is chosen for new files.
dbswitch-auto = No database is chosen for new files any more.
dbswitch-goes = New files go to database { $number } from now on: it is healthy and has { $room } of room.
dbswitch-goes-unlimited = New files go to database { $number } from now on: it is healthy, and has no limit.
dbswitch-stands-in = Until then new files go to database { $number }.
dbswitch-nowhere = At the moment no database takes new files. Posts wait until one does; /dbstats says why.
breaker-reset-answers = Database { $number } answers.
breaker-reset-silent = Database { $number } does not answer.
button-reset-breaker = Ask database { $number } again
command-dbstats = How the databases are, and where new files go
command-dbinfo = One database closely: its number
command-dbswitch = Choose the database for new files: its number, or auto

### What admins see

command-stats = The bot in numbers
command-users = Who was here last
command-user = One person: id or @name
command-errors = The last errors
command-log = The last lines of the log
command-performance = How fast everything is
command-audit = What admins did
command-restart = Restart the bot

stats-title = <b>In numbers</b>
stats-people =
    <b>People</b>, counted { $at }
    All: about { $everybody }
    Active today: { $today }, in 7 days: { $week }, in 30 days: { $month }
    Premium: { $premium }
    Banned: { $banned }
    Cannot be written to: { $unreachable }
stats-people-missing = <b>People</b>: not known, the primary database does not answer.
stats-files = <b>Files</b>: about { $number }
stats-files-incomplete = <b>Files</b>: about { $number } in the databases that answer
stats-database = Database { $database }: { $number }
stats-database-missing = Database { $database }: does not answer
stats-kinds = <b>Files by kind</b>, counted { $at }
stats-kinds-missing = <b>Files by kind</b>: being counted, please ask again in a while.
stats-row = { $name }: { $number }
stats-kind-video = Videos
stats-kind-audio = Audio files
stats-kind-document = Documents
stats-kind-photo = Photos
stats-kind-animation = Animations
stats-sources = <b>Channels</b>: { $read } read, { $paused } paused, { $off } switched off
stats-sources-missing = <b>Channels</b>: not known, the primary database does not answer.
stats-days = <b>Today, and in { $count } days</b>
stats-days-missing = <b>Today and the days before</b>: not known, the primary database does not answer.
stats-counted = { $name }: { $today } · { $sum }
stats-searches = Searches
stats-empty = Searches without a result
stats-fetched = Files fetched
stats-refused = Refused for the daily limit
stats-indexed = Files indexed
stats-new = New people
stats-chart = 🟦 searches and 🟧 files fetched, a day

users-usage = Send <code>/users</code>, or <code>/users 2</code> for the next page; up to { $most }.
users-nobody = Nobody has been here yet.
users-title = <b>Who was here last</b>, page { $page }
users-row = { $name } (<code>{ $id }</code>) { $day }
user-usage = Send <code>/user</code> and an id or @name, or answer a message that you forwarded from them.
user-unknown = I have never met <code>{ $id }</code>.
user-title = <b>{ $name }</b> (<code>{ $id }</code>)
user-role = Is { $role }.
user-premium = Premium until { $until }
user-no-premium = No premium
user-quota = Files today: { $used } of { $limit }
user-quota-unlimited = Files today: no limit
user-seen = Last here: { $day }
user-never-seen = Never wrote to me
user-language = Language: { $language }
user-banned = ⛔ Banned, for no reason given
user-banned-reason = ⛔ Banned: { $reason }
user-unreachable =
    { $why ->
        [blocked] 📵 Has blocked me
        [deactivated] 📵 The account is deleted
       *[other] 📵 Never started me
    }
button-ban = ⛔ Ban
button-unban = Allow again
button-give-premium = ⭐ Premium
button-end-premium = End premium

errors-usage = Send <code>/errors</code>, or <code>/errors clear</code> to forget them.
errors-none = No errors are noted.
errors-title =
    { $count ->
        [one] <b>The only error that is noted</b>
       *[other] <b>The last { $count } errors, the latest first</b>
    }
errors-row = <b>{ $kind }</b> in <code>{ $where }</code>
errors-message = <i>{ $message }</i>
errors-times =
    { $count ->
        [one] Once, { $last }
       *[other] { $count } times, from { $first } to { $last }
    }
errors-cleared =
    { $count ->
        [one] One error is forgotten.
       *[other] { $count } errors are forgotten.
    }
log-usage = Send <code>/log</code>, <code>/log 100</code> for so many lines, or <code>/log file</code> for all that I keep.
log-empty = I have logged nothing yet.
log-line = <code>{ $line }</code>
log-file =
    { $count ->
        [one] The only line of the log that this process has
       *[other] The last { $count } lines of the log of this process
    }
performance-head =
    <b>This process</b>
    Version: { $version }
    Running for { $uptime }
    Memory: { $memory }
    Lateness of the loop: { $p99 } ms (p99), { $max } ms at most
performance-routes = <b>Used most</b>: updates, and half, 95 % and 99 % of them answered within so many ms
performance-route = <code>{ $name }</code> { $updates }: { $p50 }, { $p95 }, { $p99 }
performance-lanes = <b>Lanes</b>: in use, of how many, and how many wait
performance-lane = <code>{ $name }</code> { $used } of { $limit }, { $waiting }
performance-section = <b>{ $name }</b>
performance-value = <code>{ $line }</code>
audit-usage = Send <code>/audit</code>, or <code>/audit 2</code> for older entries.
audit-none = Nothing is noted there.
audit-row = { $at } · <code>{ $admin }</code> { $action } · { $details }
audit-more = Older entries: <code>/audit { $page }</code>

restart-question = Restart the bot? Files that are on their way arrive first, and I write to you when I am back. You have { $seconds } seconds to confirm. What runs me has to start me again when I end with code 4, as <code>docker compose</code> does; by hand on a command line nothing does.
restart-begun = Restarting…
restart-cancelled = I go on as before.
restart-expired = This question is settled, or too old to be answered. Send /restart again.
restart-not-yours = Another admin was asked this. Send /restart yourself.
restart-back =
    { $seconds ->
        [one] I am back, after { $seconds } second. Version: { $version }
       *[other] I am back, after { $seconds } seconds. Version: { $version }
    }
button-restart = 🔄 Restart
button-keep-running = Go on as before

cache-title = <b>Redis</b>
cache-memory = It uses { $used } of { $limit } of memory.
cache-memory-unlimited = It uses { $used } of memory, without a limit.
cache-memory-unknown = This server does not tell how much memory it uses.
cache-policy = What it drops when it is full: <code>{ $policy }</code>
cache-policy-wrong = What it drops when it is full: <code>{ $policy }</code>. Set <code>maxmemory-policy volatile-ttl</code>: everything of mine has a time to live, and what ends soonest goes first.
cache-keys =
    { $count ->
        [one] It holds one key.
       *[other] It holds { $count } keys.
    }
cache-evicted =
    { $count ->
        [0] It has dropped nothing for want of memory.
        [one] It has dropped one key for want of memory.
       *[other] It has dropped { $count } keys for want of memory.
    }
cache-hits = { $percent } % of what all its clients asked for was there ({ $count }).
cache-own-hits = { $percent } % of what I asked for was there ({ $count } since I started).
cache-asked-nothing = I have not asked it for anything yet.
cache-analysis =
    { $count ->
        [one] <b>One key of mine</b>
       *[other] <b>{ $count } keys of mine</b>
    }
cache-kind =
    { $count ->
        [one] <code>{ $kind }</code>: one key, { $size }
       *[other] <code>{ $kind }</code>: { $count } keys, about { $size }
    }
cache-kind-unknown = of no kind that I know
cache-endless =
    { $count ->
        [one] One of them would never end; /cache_cleanup gives it a day.
       *[other] { $count } of them would never end; /cache_cleanup gives them a day.
    }
cache-cut = There is more than I look at in five seconds.
cache-cleaned =
    { $count ->
        [0] There were no copies to forget.
        [one] One copy is forgotten; it is read anew when somebody needs it.
       *[other] { $count } copies are forgotten; they are read anew when somebody needs them.
    }
cache-ended =
    { $count ->
        [one] One key that would never have ended goes in a day.
       *[other] { $count } keys that would never have ended go in a day.
    }
cache-cleanup-cut = There was more than I do in one go: send the command again for the rest.
cache-cleanup-kind = What I may forget is: { $kinds }. Everything else stands nowhere else, and ends by itself.
command-cache-stats = How the cache is
command-cache-analyze = What the cache holds, by kind
command-cache-cleanup = Forget what the cache only repeats

stats-checks = <b>Checked by night</b>, last { $at }
stats-checks-none = <b>Checked by night</b>: not yet.
stats-checks-missing = <b>Checked by night</b>: not known, the primary database does not answer.
stats-check-file-references = Words about files that are gone, removed: { $count }
stats-check-unlisted-files = Files without a post in a channel of the list: { $count }
stats-check-lost-groups = Groups that lost me a month ago, forgotten: { $count }
stats-check-overdue-records = Records that were overdue, removed: { $count }
