mod fills;
mod laws;
mod reference;
mod rules;
mod script;
mod standing;
