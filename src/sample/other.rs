//! Records of other services: what most of a trail consists of.
//!
//! Owns their templates. Takes a scene, appends one record to a text. None of them mentions
//! SageMaker.

use super::scene::Scene;

/// How every record begins.
const HEAD: &str = r#"{"eventVersion":"1.09","userIdentity":$W,"eventTime":"$T",""#;

/// How those of management events end.
const TAIL: &str = r#","requestID":"$U","eventID":"$U","readOnly":true,"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"$A","eventCategory":"Management","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256"}}"#;

/// How those of S3's data events end.
const S3_TAIL: &str = r#","additionalEventData":{"SignatureVersion":"SigV4","CipherSuite":"TLS_AES_128_GCM_SHA256","bytesTransferredIn":$N,"SSEApplied":"SSE_KMS","AuthenticationMethod":"AuthHeader","x-amz-id-2":"$B","bytesTransferredOut":$N},"requestID":"$X","eventID":"$U","readOnly":true,"resources":[{"type":"AWS::S3::Object","ARN":"arn:$P:s3:::lake-$A/$K"},{"accountId":"$A","type":"AWS::S3::Bucket","ARN":"arn:$P:s3:::lake-$A"}],"eventType":"AwsApiCall","managementEvent":false,"recipientAccountId":"$A","eventCategory":"Data","tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":"lake-$A.s3.$R.amazonaws.com"}}"#;

/// The middles, and the ends that belong to them.
const RECORDS: [(&str, &str); 9] = [
    (
        r#"eventSource":"s3.amazonaws.com","eventName":"GetObject","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"[aws-sdk-java/2.25.31 Linux/5.10.213-201.855.amzn2.x86_64 OpenJDK_64-Bit_Server_VM/17.0.10+7-LTS Java/17.0.10 vendor/Amazon.com_Inc. md/internal exec-env/AWS_ECS_FARGATE io/sync http/Apache cfg/retry-mode/standard]","requestParameters":{"bucketName":"lake-$A","Host":"lake-$A.s3.$R.amazonaws.com","key":"$K"},"responseElements":null"#,
        S3_TAIL,
    ),
    (
        r#"eventSource":"s3.amazonaws.com","eventName":"PutObject","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"[Boto3/1.34.84 md/Botocore#1.34.84 ua/2.0 os/linux md/arch#x86_64 lang/python#3.10.14 md/pyimpl#CPython cfg/retry-mode#legacy]","requestParameters":{"X-Amz-Date":"$T","bucketName":"lake-$A","Host":"lake-$A.s3.$R.amazonaws.com","key":"$K","x-amz-server-side-encryption":"aws:kms"},"responseElements":{"x-amz-server-side-encryption":"aws:kms","x-amz-server-side-encryption-aws-kms-key-id":"arn:$P:kms:$R:$A:key/$U","x-amz-server-side-encryption-bucket-key-enabled":"true"}"#,
        S3_TAIL,
    ),
    (
        r#"eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"$R","sourceIPAddress":"AWS Internal","userAgent":"AWS Internal","requestParameters":{"encryptionContext":{"aws:s3:arn":"arn:$P:s3:::lake-$A/$K"},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"},"responseElements":null,"vpcEndpointId":"vpce-$H""#,
        TAIL,
    ),
    (
        r#"eventSource":"kms.amazonaws.com","eventName":"GenerateDataKey","awsRegion":"$R","sourceIPAddress":"secretsmanager.amazonaws.com","userAgent":"secretsmanager.amazonaws.com","requestParameters":{"keyId":"alias/aws/secretsmanager","keySpec":"AES_256","encryptionContext":{"SecretARN":"arn:$P:secretsmanager:$R:$A:secret:db-$N","SecretVersionId":"$U"}},"responseElements":null"#,
        TAIL,
    ),
    (
        r#"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"aws-sdk-go/1.51.19 (go1.22.2; linux; amd64) terraform-provider-aws/5.45.0","requestParameters":{"roleArn":"arn:$P:iam::$A:role/DeployPipeline","roleSessionName":"deploy-$N","policy":"{\n  \"Version\": \"2012-10-17\",\n  \"Statement\": [\n    {\n      \"Effect\": \"Allow\",\n      \"Action\": [\n        \"s3:GetObject\",\n        \"s3:PutObject\"\n      ],\n      \"Resource\": \"arn:$P:s3:::lake-$A/*\"\n    }\n  ]\n}","durationSeconds":3600},"responseElements":{"credentials":{"accessKeyId":"ASIA$X","sessionToken":"$B$B","expiration":"$T"},"assumedRoleUser":{"assumedRoleId":"AROA$X:deploy","arn":"arn:$P:sts::$A:assumed-role/DeployPipeline/deploy"}},"sharedEventID":"$U""#,
        TAIL,
    ),
    (
        r#"eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"console.amazonaws.com","requestParameters":{"maxResults":1000,"instancesSet":{},"filterSet":{"items":[{"name":"vpc-id","valueSet":{"items":[{"value":"vpc-$H"},{"value":"vpc-$H"}]}}]}},"responseElements":null,"sessionCredentialFromConsole":"true""#,
        TAIL,
    ),
    (
        r#"eventSource":"ec2.amazonaws.com","eventName":"RunInstances","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"autoscaling.amazonaws.com","errorCode":"Client.InsufficientInstanceCapacity","errorMessage":"We currently do not have sufficient p4d.24xlarge capacity in the Availability Zone you requested ($R).","requestParameters":{"instancesSet":{"items":[{"imageId":"ami-$H","minCount":1,"maxCount":4}]},"instanceType":"p4d.24xlarge","blockDeviceMapping":{"items":[{"deviceName":"/dev/xvda","ebs":{"volumeSize":200,"deleteOnTermination":true,"volumeType":"gp3"}}]},"monitoring":{"enabled":false},"subnetId":"subnet-$H","clientToken":"$U","tagSpecificationSet":{"items":[{"resourceType":"instance","tags":[{"key":"Team","value":"\"ml\", \\research\\"},{"key":"Größe","value":"groß"}]}]}},"responseElements":null"#,
        TAIL,
    ),
    (
        r#"eventSource":"iam.amazonaws.com","eventName":"PutRolePolicy","awsRegion":"$R","sourceIPAddress":"$I","userAgent":"cloudformation.amazonaws.com","requestParameters":{"roleName":"lambda-$N","policyDocument":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Action\":[\"logs:CreateLogStream\",\"logs:PutLogEvents\"],\"Effect\":\"Allow\",\"Resource\":\"arn:$P:logs:$R:$A:log-group:/aws/lambda/f-$N:*\"}]}","policyName":"inline"},"responseElements":null"#,
        TAIL,
    ),
    (
        r#"eventSource":"dynamodb.amazonaws.com","eventName":"DescribeTable","awsRegion":"$R","sourceIPAddress":"application-autoscaling.amazonaws.com","userAgent":"application-autoscaling.amazonaws.com","requestParameters":{"tableName":"features-$N"},"responseElements":null,"apiVersion":"2012-08-10""#,
        TAIL,
    ),
];

/// Appends one record of some service.
pub(super) fn other(scene: &mut Scene<'_>, out: &mut String) {
    let (middle, tail) = RECORDS[scene.rng.usize(..RECORDS.len())];
    for part in [HEAD, middle, tail] {
        scene.fill(out, part);
    }
}
