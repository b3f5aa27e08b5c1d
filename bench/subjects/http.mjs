// The same `UpdateItem` through the leanest HTTP client there is, with a signature that is made once: no SDK could cost less.
// DynamoDB Local does not look at signatures; AWS would refuse these.
import { Pool } from 'undici';
import { floorInputs } from './floor';

const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': 'DynamoDB_20120810.UpdateItem',
  'x-amz-date': '20260101T000000Z',
  'authorization': `AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`,
};

export async function http() {
  const pool = new Pool(process.env.AWS_ENDPOINT_URL_DYNAMODB, { connections: 50 });
  const input = floorInputs();
  return {
    prepare: async () => async (key) => {
      const { statusCode, body } = await pool.request({ method: 'POST', path: '/', headers: HEADERS, body: JSON.stringify(input(key)) });
      const answer = await body.json();
      if (statusCode !== 200) throw new Error(JSON.stringify(answer));
      return answer;
    },
  };
}
