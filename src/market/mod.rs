pub mod onboarding;
