//! A city on a movable clock: the web over real services, a real database and the shipped reference data, with people of
//! every role and organ who sign in over HTTP. What stands beside it are the acceptance checks of the work-order clauses,
//! each with a twin that shows it red when its rule is switched off.

mod answers;
mod appeals;
mod demo;
mod dispatch;
mod followups;
mod house;
mod intake;
mod limits;
mod parts;
mod readings;
mod refusals;
mod signing;
mod smoke;
mod steps;
mod town;
mod twin;
