//! What processes spent: processor time and memory, from `/proc`. Wall clock says little on a busy machine.

use anyhow::Context as _;

/// Ticks of `/proc/PID/stat` a second, on every Linux of today.
const TICKS_A_SECOND: f64 = 100.0;

/// A reading that was begun.
pub struct Meter {
    provider: u32,
    database: Vec<u32>,
    before: (f64, f64),
}

/// What was spent between begin and end.
pub struct Reading {
    pub provider_ms: f64,
    pub database_ms: f64,
    pub resident_mib: f64,
    pub peak_mib: f64,
}

impl Meter {
    pub fn start(provider: u32, database: &[u32]) -> anyhow::Result<Self> {
        let mut meter = Self { provider, database: database.to_vec(), before: (0.0, 0.0) };
        meter.before = meter.spent()?;
        Ok(meter)
    }

    pub fn stop(&mut self) -> anyhow::Result<Reading> {
        let (provider, database) = self.spent()?;
        Ok(Reading {
            provider_ms: provider - self.before.0,
            database_ms: database - self.before.1,
            resident_mib: memory(self.provider, "VmRSS:")?,
            peak_mib: memory(self.provider, "VmHWM:")?,
        })
    }

    fn spent(&self) -> anyhow::Result<(f64, f64)> {
        let mut database = 0.0;
        for pid in &self.database {
            // A connection's process may have ended meanwhile.
            database += processor_ms(*pid).unwrap_or(0.0);
        }
        Ok((processor_ms(self.provider)?, database))
    }
}

/// What a process has spent, in milliseconds.
pub fn processor_ms(pid: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid}"))?;
    // Fields are counted after the name, which may hold spaces.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: f64 = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    Ok(ticks * 1000.0 / TICKS_A_SECOND)
}

fn memory(pid: u32, line: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status
        .lines()
        .find_map(|text| text.strip_prefix(line))
        .and_then(|rest| rest.split_whitespace().next())
        .and_then(|number| number.parse::<f64>().ok());
    Ok(kib.unwrap_or(0.0) / 1024.0)
}
