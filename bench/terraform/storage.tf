resource "aws_ecr_repository" "worker" {
  name                 = "temporal-fargate/dev"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = true
  image_scanning_configuration {
    scan_on_push = true
  }
}

resource "aws_ecr_lifecycle_policy" "worker" {
  repository = aws_ecr_repository.worker.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "untagged images"
      selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = 7 }
      action       = { type = "expire" }
    }]
  })
}

resource "aws_secretsmanager_secret" "temporal" {
  name                    = "temporal-fargate/dev/temporal"
  description             = "Temporal credentials of stack dev"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "temporal" {
  secret_id     = aws_secretsmanager_secret.temporal.id
  secret_string = jsonencode({ TEMPORAL_API_KEY = var.temporal_api_key })
}

# Without the suffix of an account's own namespace, which this version of the provider does not know.
resource "aws_s3_bucket" "data" {
  bucket        = "tfg-dev-data-${local.account}-${local.region}"
  force_destroy = true
}

resource "aws_s3_bucket_policy" "data" {
  bucket = aws_s3_bucket.data.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in [
      { Sid = "DenyInsecureTransport", Condition = { Bool = { "aws:SecureTransport" = "false" } } },
      { Sid = "DenyOldTls", Condition = { NumericLessThan = { "s3:TlsVersion" = "1.2" } } },
      {
        Sid = "DenyOtherAccounts"
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = local.account }
          Bool            = { "aws:PrincipalIsAWSService" = "false" }
        }
      },
      ] : merge(statement, {
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.data.arn, "${aws_s3_bucket.data.arn}/*"]
    })]
  })
}
