/**
 * Lower-case name that fits into every AWS name we build from it: IAM's 64 characters are the tightest, and ECR takes no
 * two hyphens in a row.
 */
export const STACK_NAME = /^(?=.{2,20}$)[a-z](-?[a-z0-9])+$/;
