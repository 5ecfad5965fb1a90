// Microsoft's JavaScript client (@microsoft/microsoft-graph-client, @azure/identity) reads the simulator, and says as
// JSON what it found: a list, all pages, an expansion, a file, a count, a batch and a refusal.
import { ClientSecretCredential } from "@azure/identity";
import { BatchRequestContent, BatchResponseContent, Client, PageIterator } from "@microsoft/microsoft-graph-client";
import { TokenCredentialAuthenticationProvider } from "@microsoft/microsoft-graph-client/authProviders/azureTokenCredentials/index.js";

const { SIMULATOR_URL, TENANT_ID, CLIENT_ID, CLIENT_SECRET } = process.env;
const HEALTH = "/admin/serviceAnnouncement";

const credential = new ClientSecretCredential(TENANT_ID, CLIENT_ID, CLIENT_SECRET, {
  authorityHost: SIMULATOR_URL,
  disableInstanceDiscovery: true,
});
const authProvider = new TokenCredentialAuthenticationProvider(credential, {
  scopes: ["https://graph.microsoft.com/.default"],
});
const client = Client.initWithMiddleware({
  authProvider,
  baseUrl: SIMULATOR_URL,
  customHosts: new Set([new URL(SIMULATOR_URL).hostname]),
});

async function pages() {
  const ids = [];
  const first = await client.api(`${HEALTH}/issues`).get();
  await new PageIterator(client, first, (issue) => ids.push(issue.id) > 0).iterate();
  return ids;
}

async function batch() {
  const asked = ["/organization", "/subscribedSkus", `${HEALTH}/messages`].map((path, number) => ({
    id: `${number}`,
    request: new Request(`${SIMULATOR_URL}${path}`), // what follows the host is kept; members name no version
  }));
  const content = await new BatchRequestContent(asked).getContent();
  const answers = new BatchResponseContent(await client.api("/$batch").post(content));
  return asked.map(({ id }) => answers.getResponseById(id).status);
}

const overviews = await client.api(`${HEALTH}/healthOverviews`).get();
const expanded = await client.api(`${HEALTH}/healthOverviews`).expand("issues").get();
const file = await client.api("/reports/getEmailActivityUserDetail(period='D7')").responseType("text").get();
const refused = await client.api(`${HEALTH}/messages`).get().catch((error) => [error.statusCode, error.code]);
console.log(
  JSON.stringify({
    list: overviews.value.map((one) => one.id),
    pages: await pages(),
    expand: expanded.value.map((one) => one.issues.length),
    download: file.replace(/^\uFEFF/, ""),
    count: Number(await client.api("/applications/$count").header("ConsistencyLevel", "eventual").get()),
    batch: await batch(),
    refused,
  }),
);
