# The frames of messages: what every one begins and ends with

notice-frame-sms = [{ $service }] { $text }
notice-frame-subject = [{ $service }] { $title }
notice-frame-close = This message was sent by { $service }, a service of { $agency }. We never ask for your password or for codes, neither by mail nor on the telephone. You cannot answer to this address.
notice-frame-help = Help: { $phone }
notice-link-not-me = If this was not you, open this page: { $link }
notice-link-appeal = To object, open this page: { $link }
notice-link-read = To read more, open this page: { $link }

# Notices: a title, which is also the subject of a mail, and a text for every channel

notice-new-device = Sign-in with a new device
notice-new-device-text = Your account was used with a device that it was not used with before: { $device }, network { $network }.
notice-scan-approved = A computer was signed in with your phone
notice-scan-approved-text = With your phone you let another device sign in: { $device }, network { $network }.
notice-password-changed = Your password was changed
notice-password-changed-text = The password of your account was changed.
notice-factor-added = A way to prove that it is you was added
notice-factor-added-text = This was added to your account: { $factor }.
notice-factor-removed = A way to prove that it is you was removed
notice-factor-removed-text = This was removed from your account: { $factor }.
notice-factor-removing = A way to prove that it is you will be removed
notice-factor-removing-text = On { $day } this will be removed from your account: { $factor }. You can still stop it.
notice-factor-renamed = A way to prove that it is you has another name
notice-factor-renamed-text = One of these in your account was given another name: { $factor }.
notice-codes-made = New recovery codes
notice-codes-made-text = New recovery codes were made for your account. Older ones can no longer be used.
notice-code-used = A recovery code was used
notice-code-used-text = One of your printed recovery codes was used. { $left ->
    [0] None is left
    [1] One is left
   *[other] { $left } are left
 }.
notice-recovery-started = Somebody asks to get back into your account
notice-recovery-started-text = Somebody asked for a new password for your account. It will be given at { $moment } unless you stop it.
notice-recovery-by-face = Somebody wants to get back into your account by a face
notice-recovery-by-face-text = Somebody who has your mobile number has gone to show their face to get back into your account. If that is not you, do not show your face on a page that somebody sent you.
notice-recovery-done = Your account was recovered
notice-recovery-done-text = Your account was recovered and has a new password. All sign-ins were ended.
notice-recovery-stopped = Recovery was stopped
notice-recovery-stopped-text = Nobody gets a new password for your account: the request was stopped.
notice-phone-changing = Your mobile number is going to change
notice-phone-changing-text = At { $moment } your account gets another mobile number. You can still stop it.
notice-phone-changed = Your mobile number was changed
notice-phone-changed-text = The mobile number of your account is now { $phone }.
notice-email-changing = Your e-mail address is going to change
notice-email-changing-text = At { $moment } your account gets another e-mail address. You can still stop it.
notice-email-changed = Your e-mail address was changed
notice-email-changed-text = The e-mail address of your account is now { $email }.
notice-username-changed = Your user name was changed
notice-username-changed-text = Your account has another user name.
notice-change-undone = A change was taken back
notice-change-undone-text = A change of your account was taken back.
notice-change-ended = A change did not happen
notice-change-ended-text = We told you that something about your account was going to change, or that somebody else claims your number. It has come to nothing: it was not confirmed in time, or was not possible any more. Your account is as it was.
notice-number-disputed = Somebody else says that your mobile number is theirs
notice-number-disputed-text = Somebody else has shown that they hold the mobile number of your account. If you do nothing, it leaves your account at { $moment }. To keep it, sign in and say so at “Phone, e-mail and user name”. If you cannot sign in: recover your account with more than the phone, or object to what was decided about it, before that time.
notice-number-gone = Your mobile number has left your account
notice-number-gone-text = The mobile number belongs to somebody else now and has left your account. Please give your account a new one.
notice-held = Your account is locked
notice-held-text = You told us that somebody else used your account. All sign-ins were ended, and nobody can use the account until you have proven who you are.
notice-closing-started = Your account is going to be closed
notice-closing-started-text = Your account will be closed on { $day }. To keep it, sign in before that day.
notice-closing-stopped = Your account stays
notice-closing-stopped-text = Your account will not be closed.
notice-closed = Your account is closed
notice-closed-text = Your account is closed. What the law does not oblige us to keep is deleted.
notice-suspended = Your account is suspended
notice-suspended-text = Your account cannot be used for now. Reason: { $reason }.
notice-restored = Your account can be used again
notice-restored-text = Your account can be used again.
notice-terminated = Your account is terminated
notice-terminated-text = Your account can no longer be used. Reason: { $reason }.
notice-lifted = A decision about your account was lifted
notice-lifted-text = What our staff had decided about your account no longer holds. { $stays }
notice-appeal-decided = Your objection was decided
notice-appeal-decided-text = Your objection was decided: { $outcome }.
notice-agreement-supplement = Rules were added to the terms
notice-agreement-supplement-text = Supplementary rules to “{ $agreement }” take effect on { $day }.
notice-agreement-material = The terms change
notice-agreement-material-text = “{ $agreement }” changes on { $day }. The next time you sign in you will be asked whether you agree.
notice-level-lapses = Your identity level ends soon
notice-level-lapses-text = Your identity level “{ $level }” ends on { $day }. Some services will then not be open to you. To keep it, sign in before that day at { $page }. If you have renewed it already, you need not do anything.
notice-activated = Your account is activated
notice-activated-text = Your e-mail address is confirmed, and your account can be used.
notice-data-exported = Your data were exported
notice-data-exported-text = Somebody who was signed in to your account looked at all of its data, or downloaded them as a file.

# The list and the choices

notices-title = Messages about your account
notices-hint = What we told you, and what we send you.
notices-none = There are no messages.
notices-new = New
notices-mark-read = Mark all as read
notices-newer = Newer messages
notices-older = Older messages
notices-preferences-title = Choose what we send you
notices-preferences-intro = Every message is in your list here. Choose what we send to your phone or mailbox as well.
notices-preferences-always = What concerns the security of your account is always sent to every phone and mailbox that you have given. It cannot be switched off.
notices-preferences-back = Back to the messages
notices-topic-security = Security
notices-topic-sign-ins = Sign-ins with new devices
notices-topic-level = Your identity level
notices-topic-terms = Changes of the terms
notices-by-sms = By text message
notices-by-email = By e-mail
notices-no-phone = Your account has no mobile number yet.
notices-no-email = Your account has no e-mail address yet.
notices-save = Save
notices-saved = Your choice is saved.

# Links in messages

link-activate-title = Activate your account
link-activate-text = With the button below you confirm your e-mail address, and your account can be used.
link-activate-phone = The account was registered with the mobile number { $phone }. If that is not your number, close this page: somebody gave your address by mistake.
link-activate-button = Activate the account
link-activate-done-title = Your account is activated
link-activate-done = Your e-mail address is confirmed. You can sign in now with your mobile number or your e-mail address.
link-activate-taken-title = This address has an account already
link-activate-taken = Another account has this e-mail address in the meantime. Sign in there, or register with another address.
link-activate-sign-in = Sign in
link-confirm-title = Confirm your e-mail address
link-confirm-text = With the button below you confirm that this mailbox is yours.
link-confirm-button = Confirm the address
link-not-me-title = Was this not you?
link-not-me-text = With the button below you tell us that somebody else uses your account. Every sign-in ends at once, what they have begun is stopped, and nobody can use the account until you have proven who you are.
link-not-me-button = This was not me: lock the account
link-undo-title = Take the change back
link-undo-text = With the button below the change is taken back: your account is again as it was before.
link-undo-button = Take the change back
link-appeal-title = Object to a decision
link-appeal-text = On the next page you can say why you object.
link-appeal-button = Continue
link-over-title = This link can no longer be used
link-over-text = A link works once and only for a limited time. It was used already, its time is over, or what it was about has been settled.
link-over-used = If you pressed the button a moment ago, it is done and you need not do anything.
link-over-sign-in = Sign in
