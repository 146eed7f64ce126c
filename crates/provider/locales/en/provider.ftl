# The OpenID Provider's few pages: requests that cannot go on, and signing out.

problem-authorize-client = The website that sent you here is not connected to this service
problem-authorize-client-help = Nothing was sent to it. Go back to the website and try again. If it happens again, tell the website's operator the number at the bottom of this page.
problem-authorize-redirect = The website asked us to send you to an address that it has not registered
problem-authorize-redirect-help = For your safety you were not sent there. Go back to the website and try again. If it happens again, tell the website's operator the number at the bottom of this page.
problem-authorize-not-here = This step belongs to another browser, or it is over
problem-authorize-not-here-help = A sign-in has to be finished in the browser in which it was begun. Open the website that you want to use and start again there. If somebody sent you this address, do not go on.

authorize-over-title = This request is over
authorize-over-answered = You have already answered this request. If the website does not show you as signed in, start again there.
authorize-over-too-old = This request has waited too long. Nothing was sent to the website. Start again there.
authorize-over-back = Back to { $site }

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
logout-done-sites = These websites received your sign-in and may still keep one of their own. Sign out there as well:
logout-done-sites-maybe = Websites that you signed in to earlier may still keep a sign-in of their own. Sign out there as well.
logout-done-shared = On a shared computer, close all windows of the browser now.
