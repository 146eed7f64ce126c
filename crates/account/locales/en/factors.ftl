# Proving once more that it is you
confirm-title = Confirm that it is you
confirm-why = What comes next touches how you sign in. Please confirm once more that it is you.
confirm-password = Your password
confirm-password-button = Confirm with the password
confirm-password-wrong = The password is not right
confirm-totp = Code from your authenticator app
confirm-totp-hint = Six digits, new every 30 seconds
confirm-totp-button = Confirm with the code
confirm-passkey = Confirm with a passkey
confirm-passkey-refused = The passkey was not accepted. Try again, or use another way.
confirm-recovery-code = A printed recovery code
confirm-recovery-code-hint = Four groups of four characters. Each code works once.
confirm-recovery-code-button = Use a recovery code
confirm-sms = Code from the text message
confirm-sms-hint = Six digits, sent to the phone of your account
confirm-sms-button = Confirm with the code
confirm-sms-again = Send another code
confirm-sms-send = Send a code to my phone
confirm-sms-country = No text messages go to the country of your phone
confirm-none = There is no way to confirm here at the moment.
confirm-recover = Recover the account
confirm-lost = You no longer have what is asked for? Remove it from its own page: that takes { $hours } hours, and you are told by every way that we can reach you.
confirm-done = You have confirmed that it is you. Please finish here what you began.

# Tries
factors-code-unreadable = That does not look like a code. Type it as it is shown.
factors-code-wrong = The code is not right, or was used before
factors-paused = Too many tries. Try again in { $minutes } { $minutes ->
        [one] minute
       *[other] minutes
    }.
factors-off = After too many wrong tries this no longer works. Use another way, and then set it up anew.

# The list on the page of sign-in and security
factors-panel-title = How you sign in
factors-password = Password
factors-password-changed = Last changed { $moment }
factors-password-none = You have no password yet. With one you can sign in by your phone number.
factors-password-change = Change the password
factors-password-first = Choose a password
factors-authenticator = Authenticator app
factors-authenticator-count = { $count ->
        [0] Not set up
        [one] One app
       *[other] { $count } apps
    }
factors-authenticator-manage = Manage authenticator apps
factors-passkeys = Passkeys
factors-passkeys-count = { $count ->
        [0] None yet
        [one] One passkey
       *[other] { $count } passkeys
    }
factors-passkeys-manage = Manage passkeys
factors-codes = Recovery codes
factors-codes-none = None. Print some, for the day on which your phone is lost.
factors-codes-left = { $count ->
        [0] All used
        [one] One left
       *[other] { $count } left
    }, made on { $day }
factors-codes-manage = Manage recovery codes
factors-old-title = Your password is { $days } days old
factors-old-text = Nothing is wrong with it. If you use it elsewhere too, or others may know it, now is a good time for a new one.
factors-old-later = Remind me later

# Password
factors-password-title = Change the password
factors-password-title-first = Choose a password
factors-password-first-text = With a password you can sign in by your phone number.
factors-password-current = Current password
factors-password-current-missing = Enter the current password
factors-password-current-wrong = This is not the current password
factors-password-new = New password
factors-password-used = You had this password before. Choose another one.
factors-password-submit = Save the password
factors-password-forgot = I have forgotten the current password
factors-password-ends = All your other sign-ins end, and sites ask you to sign in again.
factors-password-done = The password is changed. All your other sign-ins were ended.

# Authenticator apps
factors-authenticator-title = Authenticator apps
factors-authenticator-text = An app on your phone shows a new code every 30 seconds. With it, your password alone is not enough to sign in.
factors-authenticator-add = Set up an app
factors-authenticator-new-title = Set up an authenticator app
factors-authenticator-scan = Open the app and scan this picture.
factors-authenticator-picture = Picture for the authenticator app
factors-authenticator-spelled = Or type this key into the app:
factors-authenticator-code = Code that the app shows now
factors-authenticator-wrong = The code is not right. Check that the clock of the phone is right, and type the newest code.
factors-authenticator-submit = Set up
factors-authenticator-done = The authenticator app is set up.
factors-many = You have as many as can be kept. Remove one first.
factors-late = The time for this page was over. Nothing was changed. Here is a new picture: scan it, and type the code once more.

# Passkeys
factors-passkeys-title = Passkeys
factors-passkeys-text = A passkey signs you in with the finger, the face or the PIN of your phone or computer. Nothing is typed, and no false site can take it from you.
factors-passkeys-add = Add a passkey
factors-passkeys-nowhere = At this address passkeys do not work. They need a name, not a number.
factors-passkey-new-title = Add a passkey
factors-passkey-new-text = Your browser asks where to keep the passkey and checks that it is you.
factors-passkey-make = Make a passkey
factors-passkey-refused = No passkey was made. Try again; if this one is yours already, there is nothing to do.
factors-passkey-done = The passkey is there. You can sign in with it from now on.

# Both
factors-name = Name
factors-name-hint = So that you know it again, for example “work computer”
factors-name-missing = Type a name
factors-rename = Rename
factors-rename-button = Save the name
factors-renamed = The name is changed.
factors-since = Since
factors-used = Last used
factors-never = Not yet
factors-remove = Remove
factors-remove-title = Remove “{ $name }”
factors-remove-text-totp = The codes of this app no longer count.
factors-remove-text-passkey = The passkey no longer signs you in. Delete it on your device as well.
factors-remove-others = All your other sign-ins end.
factors-remove-last = This is the last strong way of proving that it is you. Afterwards the password alone signs in, and services that ask for more turn you away.
factors-remove-accept = I understand that my account is protected less well
factors-remove-accept-missing = Tick the box if you want that
factors-remove-submit = Remove it
factors-removed = It is removed. All other sign-ins were ended.
factors-remove-lost-title = You no longer have it?
factors-remove-lost-text = If you cannot prove yourself with it and have no recovery code, it goes after { $hours } hours. You are told at once by every way that we can reach you, and can stop it until then.
factors-remove-lost-submit = Remove it after { $hours } hours
factors-waiting = Is removed { $moment }
factors-waiting-stop = Stop that
factors-stopped = It stays.
factors-scheduled = It is removed when the time has come. Until then you can stop it here.

# Recovery codes
factors-codes-title = Recovery codes
factors-codes-text = Ten codes on paper, for the day on which your phone or computer is lost. Each works once. Keep them where you keep your documents, not in your phone.
factors-codes-make = Make recovery codes
factors-codes-make-again = Make new ones
factors-codes-replaced = New codes replace the old ones, which then no longer work.
factors-sheet-title = Your recovery codes
factors-sheet-text = Print this page or write the codes down. They are shown until { $moment }, and then never again.
factors-sheet-for = For the account { $name }, made on { $day }
factors-sheet-done = I have kept them
factors-sheet-gone = The codes are no longer shown. If you have not kept them, make new ones.
contact-change-factor = A way of proving that it is you goes
