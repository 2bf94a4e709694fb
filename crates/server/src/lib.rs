//! The program: composes the modules, serves HTTP and WebSocket, runs followers, jobs and timers, and answers the command
//! line. It holds no business rule of its own.

pub mod assets;
pub mod commands;
pub mod demo_page;
pub mod health;
pub mod learned;
pub mod logging;
pub mod middleware;
pub mod migrations;
pub mod model;
pub mod modules;
pub mod s3;
pub mod secret;
pub mod shop;
pub mod start;
pub mod telemetry;
