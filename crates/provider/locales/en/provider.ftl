# The OpenID Provider's few pages: requests that cannot go on, and signing out.

problem-authorize-client = The website that sent you here is not connected to this service
problem-authorize-client-help = Nothing was sent to it. Go back to the website and try again. If it happens again, tell the website's operator the number at the bottom of this page.
problem-authorize-redirect = The website asked us to send you to an address that it has not registered
problem-authorize-redirect-help = For your safety you were not sent there. Go back to the website and try again. If it happens again, tell the website's operator the number at the bottom of this page.
problem-authorize-request = The website's request cannot be read
problem-authorize-request-help = Nothing was sent to it. Go back to the website and try again. If it happens again, tell the website's operator the number at the bottom of this page.
problem-authorize-pushed = This request is over
problem-authorize-pushed-help = It was answered already, has waited too long, or belongs to another website. Nothing was sent anywhere. Open the website that you want to use and start again there.
problem-authorize-not-here = This step belongs to another browser, or it is over
problem-authorize-not-here-help = A sign-in has to be finished in the browser in which it was begun. Open the website that you want to use and start again there. If somebody sent you this address, do not go on.

authorize-over-title = This request is over
authorize-over-answered = You have already answered this request. If the website does not show you as signed in, start again there.
authorize-over-too-old = This request has waited too long. Nothing was sent to the website. Start again there.
authorize-over-signed-out = You signed out in this browser while this request was waiting. Nothing was sent to the website. If you still want to sign in, start again there.
authorize-over-back = Back to { $site }

form-post-title = Taking you back to the website
form-post-text = Your answer is being sent to the website. If nothing happens, press the button.
form-post-button = Continue

problem-logout-request = The website's request to sign you out cannot be followed
problem-logout-request-help = You are still signed in here, and you were not sent anywhere. You can sign out on our own page.
logout-here = Sign out here

logout-confirm-title = Sign out?
logout-confirm-text = You will be signed out of this service in this browser.
logout-confirm-site = { $site } asks to sign you out of this service in this browser.
logout-confirm-yes = Sign out
logout-confirm-stay = Stay signed in and go to my account

logout-done-title = You are signed out
logout-done-text = You are signed out of this service in this browser.
logout-done-sites-maybe = Websites that you signed in to earlier may still keep a sign-in of their own. Sign out there as well.
logout-done-shared = On a shared computer, close all windows of the browser now.
logout-sites-title = Websites that received your sign-in
logout-sites-waiting = We are telling these websites now. { $confirmed } of { $all } have confirmed.
logout-sites-confirmed = All of these websites confirmed that you are signed out there.
logout-sites-not-all = { $confirmed } of { $all } confirmed. Sign out yourself at the websites that did not.
logout-site-confirmed = Confirmed: signed out
logout-site-waiting = Being told now
logout-site-later = No answer yet; we keep trying
logout-site-no-answer = No answer: sign out there yourself
logout-site-refused = Not confirmed: sign out there yourself
logout-site-framed = Told in this browser, gives no answer: check there
logout-site-not-supported = Not supported: sign out there yourself
logout-look-again = Look again
logout-leaving = We are signing you out at other websites. Then you go back.
logout-back = Back to the website
logout-back-site = Back to { $site }
logout-done-sign-in = Sign in again
logout-frame = Sign-out at a website
logout-again-title = You are signed in
logout-again-text = This page was about an earlier sign-out. Since then somebody has signed in again in this browser.
logout-again-account = Go to my account

registration-purpose = The site has not said why
