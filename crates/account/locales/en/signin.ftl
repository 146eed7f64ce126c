# Signing in

signin-title = Sign in
signin-for-site = On your way to { $site }
signin-identifier = Mobile number or citizen ID number
signin-identifier-hint = The citizen ID number can be used once your real name has been proven.
signin-identifier-missing = Enter your mobile number or citizen ID number
signin-identifier-unusable = This is neither a mobile number nor a citizen ID number. Check it and try again.
signin-password = Password
signin-password-missing = Enter your password
signin-public-computer = This is a shared computer
signin-public-computer-hint = For internet cafés and service halls: you are signed out after a short time. Sign out and close the browser when you have finished.
signin-submit = Sign in
signin-cancel = Leave without signing in and return to the site
signin-no-account = No account yet?
signin-register = Create an account
signin-wrong = The number or the password is not right. Check both and try again. After several wrong tries, signing in is paused for a while.
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
