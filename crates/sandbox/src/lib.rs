//! The world around, as real HTTP servers: registers, message gateways, city sub-sites.
