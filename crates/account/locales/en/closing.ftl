# Closing an account

closing-title = Close my account
closing-hint = What closing means, and how to take it back
closing-lead = You can close your account here. Read first what that means.
closing-means = What closing means
closing-means-sign-ins = You are signed out everywhere at once, and nobody can sign in to the account any more.
closing-means-sites = The sites where you used the account are told that it is closed. What they keep about you is up to them: ask them.
closing-means-data = In the end your name, your numbers, your passwords and keys and everything else about you are deleted here.
closing-means-again = If you need the services again, you register anew and prove again who you are. The new account has nothing of the old one, also not its level.
closing-think = Time to think again
closing-days = { $days ->
    [one] You have one day to think again: sign in and choose to keep the account.
   *[other] You have { $days } days to think again: sign in and choose to keep the account.
}
closing-closes = If you do nothing, it closes on { $day }.
closing-kept = What is kept for a time
closing-kept-lead = Of your data only this stays, for the reason given, and is deleted afterwards:
closing-kept-what = What
closing-kept-why = Why
closing-kept-until = Until
closing-kept-sign-ins = When, with which device and from which network you signed in
closing-kept-agreements = Which agreements you accepted, and when
closing-kept-consents = What you allowed sites to be told, and when
closing-kept-checks = That your identity was checked, how and when; without name and number
closing-kept-decisions = Decisions of staff about the account, and what you said against them
closing-reason-network-log = The law requires network logs to be kept
closing-reason-proof-of-contract = Proof of what was agreed
closing-reason-proof-of-consent = Proof that you were asked
closing-reason-proof-of-check = Proof that the check was made
closing-reason-claims = Claims that can still be made
closing-kept-log = The log of what happened knows the account by a number only, without your name.
closing-export = Download my data first
closing-understood = I have read what closing means
closing-understood-missing = Confirm that you have read what closing means
closing-submit = Close my account
closing-done-title = Your account is being closed
closing-done-text = { $days ->
    [one] You are signed out everywhere. In one day the account is closed and your data are deleted.
   *[other] You are signed out everywhere. In { $days } days the account is closed and your data are deleted.
}
closing-done-keep = If you think again before that, sign in and choose to keep it.
closing-to-sign-in = To the sign-in
closing-keep-title = Keep this account?
closing-keep-text = This account is being closed, and ends on { $day }.
closing-keep-otherwise = If you do nothing, it stays so.
closing-keep-submit = Keep my account
closing-keep-leave = Leave it as it is
closing-kept-title = Your account stays
closing-kept-text = Closing was stopped. You can sign in as ever.
closing-over-title = This is not possible any more
closing-over-text = The page was too old, or was used already. Sign in to see how things stand.
