# Signing in

signin-title = Sign in
signin-for-site = On your way to { $site }
signin-identifier = Mobile number, citizen ID number, user name or e-mail
signin-identifier-hint = The citizen ID number can be used once your real name has been proven, an e-mail address once it has been confirmed.
signin-identifier-missing = Enter your mobile number, citizen ID number, user name or e-mail
signin-identifier-unusable = This is neither a mobile number, a citizen ID number, a user name nor an e-mail address. Check it and try again.
signin-password = Password
signin-password-missing = Enter your password
signin-public-computer = This is a shared computer
signin-public-computer-hint = For internet cafés and service halls: you are signed out after a short time. Sign out and close the browser when you have finished.
signin-submit = Sign in
signin-cancel = Leave without signing in and return to the site
signin-no-account = No account yet?
signin-register = Create an account
signin-wrong = What you entered and the password do not belong together. Check both and try again. After several wrong tries, signing in is paused for a while; after very many, the password has to be set anew under “Forgot your password”.
signin-again = You are signed in as { $who }. To protect your account, this service asks you to sign in once more.

signin-paused = { $minutes ->
    [one] There were too many failed sign-ins. To protect accounts, please try again in one minute. Your account and your details are not affected.
   *[other] There were too many failed sign-ins. To protect accounts, please try again in { $minutes } minutes. Your account and your details are not affected.
 }
signin-busy = Many people are signing in at the moment. Your password was not refused, and this does not count as a failed try. Enter your password again in { $seconds } seconds.

# Signing out

signin-sign-out-title = Sign out
signin-sign-out-text = After that, this browser has to sign in again before it can use your account.
signin-sign-out-button = Sign out
signin-signed-out-title = You are signed out
signin-signed-out-text = This browser is no longer signed in here. Sub-sites that you have used may keep you signed in: please sign out there as well.
signin-signed-out-close = On a shared computer, close every browser window before you leave.
signin-signed-out-again = Sign in again

# Ways in and second factors

signin-recover = Forgot your password, or no password yet?
signin-passkey = Sign in with a passkey
signin-passkey-needs-script = A passkey needs JavaScript in the browser. Without it, sign in with your password.
signin-passkey-refused = This passkey was not accepted. Try again, or choose another way.
signin-late = The time for this step is over. Nothing was changed. Please sign in again.
signin-ended = Your sign-in had ended before that could be done. Nothing was changed. Please sign in again.
signin-second-title = One more step
signin-factor-submit = Continue
signin-factor-leave = Stop and start again
signin-factor-missing = Enter the code
signin-factor-code-hint = Six digits
signin-factor-totp = Code from your authenticator app
signin-factor-totp-text = Open your authenticator app and enter the code that it shows for this account.
signin-factor-totp-link = Use the authenticator app
signin-factor-password-text = Please type the password of your account as well.
signin-factor-password-link = Use the password
signin-factor-sms = Code from the text message
signin-factor-sms-text = We can send a code by text message to { $phone }.
signin-factor-sms-sent = A code was sent to { $phone }. Nobody from the government ever asks you for it.
signin-factor-sms-send = Send the code
signin-factor-sms-again = Send another code
signin-factor-sms-link = Get a code by text message
signin-factor-recovery = Recovery code
signin-factor-recovery-hint = 16 letters and digits from the sheet that you printed. Each code works once.
signin-factor-recovery-text = Use one of your printed recovery codes if you have none of your other ways at hand.
signin-factor-recovery-link = Use a recovery code
signin-factor-passkey-text = Use the passkey on this device or on your phone. You confirm with your finger, your face or the PIN of the device.
signin-factor-passkey-begin = Use a passkey
signin-factor-passkey-use = Use the passkey now
signin-factor-passkey-link = Use a passkey
signin-factor-others = Other ways
signin-factor-none = None of these at hand?
signin-more-title = This service asks for a stronger sign-in
signin-more-passkey = Your identity level is high enough. Only the sign-in is not strong enough yet: please use your passkey as well.
signin-more-no-passkey = Your identity level is high enough. This service also asks for a passkey, and you have none yet. You can set one up now and go on afterwards.
signin-more-second = Your identity level is high enough. Only the sign-in is not strong enough yet: please add one more step.
signin-more-no-second = Your identity level is high enough. This service also asks for a second step, and you have none yet. You can set one up now and go on afterwards.
signin-more-same-kind = Your identity level is high enough. This service also asks for a second step. What you have set up is of the same kind as what you signed in with, and does not count as one. You can set something else up now and go on afterwards.
signin-more-nothing = Your identity level is high enough. This service also asks for a stronger sign-in, which is not possible here at the moment.
signin-more-make-passkey = Set up a passkey
signin-more-make-authenticator = Set up an authenticator app
signin-more-make-password = Choose a password
signin-more-not-now = Not now
