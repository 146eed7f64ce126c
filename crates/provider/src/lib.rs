//! The OpenID Provider: endpoints, tokens and sign-out.
