# The stack that `temporal-fargate init --yes` makes, in Terraform. bench/terraform.ts runs it against an emulator on
# 127.0.0.1, with keys of that emulator only.
terraform {
  required_version = ">= 1.11"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "5.100.0"
    }
  }
  # The rest is given by -backend-config: the port is another one at every run.
  backend "s3" {
    bucket                      = "terraform-state"
    key                         = "dev/terraform.tfstate"
    region                      = "us-east-1"
    use_lockfile                = true
    use_path_style              = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = false
    skip_credentials_validation = false
  }
}

provider "aws" {
  region                  = "us-east-1"
  s3_use_path_style       = true
  skip_metadata_api_check = true
  allowed_account_ids     = [local.account]
  endpoints {
    appautoscaling = var.endpoint
    cloudwatch     = var.endpoint
    ec2            = var.endpoint
    ecr            = var.endpoint
    ecs            = var.endpoint
    iam            = var.endpoint
    logs           = var.endpoint
    s3             = var.endpoint
    secretsmanager = var.endpoint
    sts            = var.endpoint
  }
  default_tags {
    tags = { stack = "dev" }
  }
}

variable "endpoint" {
  type        = string
  description = "Of the emulator; nothing else is ever called."
  validation {
    condition     = startswith(var.endpoint, "http://127.0.0.1:")
    error_message = "The bench runs against an emulator on this machine only."
  }
}

variable "temporal_api_key" {
  type      = string
  sensitive = true
}

variable "memory" {
  type        = number
  description = "MiB of a task: the one setting that the bench changes."
  default     = 2048
}

variable "image_digest" {
  type        = string
  description = "Of the worker's image, which Terraform does not build."
}

locals {
  account = "123456789012"
  region  = "us-east-1"
  name    = "temporal-fargate-dev"
  zones   = ["us-east-1a", "us-east-1b"]
}
