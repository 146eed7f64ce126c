# The frame of every page
web-skip = Skip to main content
web-preferences = Language and text size
web-print-large = Large text
web-print-normal = Standard text
web-origin = Check the address bar. The address of this service begins with
web-nav = Your account
web-nav-account = My account
web-nav-level = Identity level
web-nav-security = Sign-in and security
web-nav-sharing = Consent and sharing
web-sign-out = Sign out
web-help-phone = Helpline
web-help-link = Help centre
web-correlation = Reference number

# Forms
web-error-summary = There is a problem
web-error-prefix = Error:
web-optional = (optional)
web-continue = Continue
web-back = Back
web-cancel = Cancel
web-home = Go to the home page
web-resend-wait = Send again in { $seconds } s
web-show-password = Show password
web-hide-password = Hide password
web-passkey-failed = The browser gave no passkey. Try again, or use another way.
web-passkey-unsupported = This browser has no passkeys. Use another way.
web-passkey-needs-script = Passkeys need JavaScript. Without it, use another way.

# When something goes wrong
problem-not-found = Page not found
problem-not-found-help = Check that the address is complete, or start again from the home page.
problem-bad-request = We could not understand this request
problem-bad-request-help = Go back and try again. If another website sent you here, return to it and start again.
problem-form-expired = This page has expired
problem-form-expired-help = The page you sent was out of date, or your browser did not keep our cookies. Go back, reload the page and fill it in again. If that does not help, allow cookies for this site in your browser’s settings.
web-form-expired-on = Continue
problem-cross-site = We blocked a request from another website
problem-cross-site-help = To protect your account, we do not accept forms that other websites send. Please use the pages of this service.
problem-too-many = Too many attempts
problem-too-many-help = { $minutes ->
    [one] To protect accounts, please wait 1 minute before you try again. What you filled in is not affected.
   *[other] To protect accounts, please wait { $minutes } minutes before you try again. What you filled in is not affected.
 }
problem-unavailable = The service is busy
problem-unavailable-help = Your account and your details are safe. Please try again in a moment. If this goes on, call the helpline and give the reference number at the bottom of this page.
problem-internal = Something went wrong on our side
problem-internal-help = You did nothing wrong, and we have recorded the fault. Please try again later. If this goes on, call the helpline and give the reference number at the bottom of this page.
problem-method = This page cannot be used in that way
problem-method-help = Please start again from the home page.
problem-host = This is not the address of the service
problem-host-help = Please use the official address of this service.
problem-content-type = We could not read what was sent
problem-content-type-help = Go back, fill in the form on the page and send it again.
problem-too-large = What was sent is too large
problem-too-large-help = Please shorten it and send it again.
problem-too-slow = Sending took too long
problem-too-slow-help = Your connection may be unstable. Check it and send the form again.

# What a sub-site says about itself
web-site-policy = Privacy policy of “{ $site }” (opens a new window)
web-site-terms = Terms of “{ $site }” (opens a new window)
web-site-home = About “{ $site }” (opens a new window)
web-site-logo = Logo of “{ $site }” (opens a new window)
