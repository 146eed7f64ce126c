# Signing a device in with a phone.
scan-begin = Sign in with your phone
scan-title = Sign in with your phone
scan-lead = Use a phone on which you are signed in already. You type no password on this device.
scan-picture = Code to scan with your phone
scan-waiting = Waiting for your phone, until { $until }.
scan-allowed = Your phone has allowed it. You can continue.
scan-step-open = Scan this code with your phone’s camera.
scan-step-address = Or open this address on the phone:
scan-step-number = Type this number on the phone:
scan-step-continue = When the phone has allowed it, continue here.
scan-continue = Continue
scan-back = Sign in another way
scan-over = This code can no longer be used. Nobody was signed in by it just now.
scan-denied = The phone refused. Nobody was signed in.
scan-again = Start again
scan-busy = Very many codes were asked for from your network in the last hour, as happens where many people share one connection. You have done nothing wrong. Signing in with your phone works here again in about { $minutes } { $minutes ->
    [one] minute
   *[other] minutes
 }.
scan-busy-other = Every other way to sign in works now, and what you came for is kept.
scan-phone-title = Let another device sign in?
scan-phone-lead = The device below will be signed in as { $who }.
scan-phone-device = Device
scan-phone-network = Its network
scan-phone-site = Site
scan-phone-elsewhere = That device is in another network than this phone. Go on only if it stands before you.
scan-phone-warning = Nobody from the authorities will ever ask you to scan a code for them. If somebody sent you this code, refuse.
scan-number = The number on the other device
scan-number-hint = Two digits. Type what the device before you shows; with a wrong number it has to start again.
scan-number-missing = Type the two digits that the other device shows
scan-allow = Allow
scan-deny = Refuse
scan-phone-over = This code was answered already or has expired. Start again on the other device.
scan-phone-same = Open this address on your phone, not on the device that is to be signed in.
scan-phone-allowed = The other device can continue now.
scan-phone-denied = You refused. Nobody was signed in.
scan-phone-wrong = The number was wrong, so nobody was signed in. Start again on the other device if it is yours.
scan-security = Sign-ins and devices
