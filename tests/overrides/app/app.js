const { App, LegacyStackSynthesizer, Stack } = require("aws-cdk-lib");
const { CfnInclude } = require("aws-cdk-lib/cloudformation-include");

const stack = new Stack(new App(), "Job", { synthesizer: new LegacyStackSynthesizer() });
const template = new CfnInclude(stack, "Template", { templateFile: ".build/in.yml" });
template.getResource("LogGroup").retentionInDays = 7;
console.log(`seen: ${Object.keys(process.env).sort().join(" ")}`);
