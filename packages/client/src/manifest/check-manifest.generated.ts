// Made from spec/manifest.schema.json by scripts/compile-manifest-schema.mjs when the functions are bundled. Never edited.
// @ts-nocheck
/* istanbul ignore file */
export const validate = validate10;

const schema11 = {"$schema":"http://json-schema.org/draft-07/schema#","$id":"https://raw.githubusercontent.com/zae-limiter/zae-limiter-cdk/main/spec/manifest.schema.json","type":"object","required":["namespace"],"additionalProperties":false,"properties":{"$schema":{},"namespace":{"$ref":"#/definitions/namespace"},"system":{"$ref":"#/definitions/system"},"resources":{"type":["object","null"],"propertyNames":{"$ref":"#/definitions/resource"},"additionalProperties":{"$ref":"#/definitions/level"}},"entities":{"type":["object","null"],"propertyNames":{"$ref":"#/definitions/entity"},"additionalProperties":{"type":"object","required":["resources"],"additionalProperties":false,"properties":{"resources":{"type":"object","propertyNames":{"$ref":"#/definitions/entityResource"},"additionalProperties":{"$ref":"#/definitions/level"}}}}}},"definitions":{"namespace":{"type":"string","minLength":1,"maxLength":128,"pattern":"^[^#]*$","not":{"const":"_"}},"system":{"type":["object","null"],"additionalProperties":false,"properties":{"on_unavailable":{"$ref":"#/definitions/onUnavailable"},"limits":{"type":["object","null"],"minProperties":1,"propertyNames":{"$ref":"#/definitions/limitName"},"additionalProperties":{"$ref":"#/definitions/limit"}}},"anyOf":[{"required":["limits"],"properties":{"limits":{"not":{"type":"null"}}}},{"required":["on_unavailable"],"properties":{"on_unavailable":{"not":{"type":"null"}}}}]},"onUnavailable":{"enum":["allow","block",null]},"level":{"type":"object","required":["limits"],"additionalProperties":false,"properties":{"limits":{"type":"object","minProperties":1,"propertyNames":{"$ref":"#/definitions/limitName"},"additionalProperties":{"$ref":"#/definitions/limit"}}}},"limit":{"type":"object","required":["capacity"],"additionalProperties":false,"properties":{"capacity":{"$ref":"#/definitions/number"},"refill_amount":{"$ref":"#/definitions/number"},"refill_period":{"$ref":"#/definitions/number"},"burst":{"$ref":"#/definitions/number"}}},"number":{"type":"integer","minimum":1,"maximum":999999999999},"limitName":{"type":"string","maxLength":64,"pattern":"^[a-zA-Z][a-zA-Z0-9_.\\-]*$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}},"resource":{"type":"string","maxLength":64,"pattern":"^[a-zA-Z][a-zA-Z0-9_.\\-/]*$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}},"entityResource":{"type":"string","maxLength":64,"pattern":"^(_default_|[a-zA-Z][a-zA-Z0-9_.\\-/]*)$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}},"entity":{"type":"string","maxLength":256,"pattern":"^[a-zA-Z0-9][a-zA-Z0-9_.\\-:@]*$"},"reserved":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}}};
const schema12 = {"type":"string","minLength":1,"maxLength":128,"pattern":"^[^#]*$","not":{"const":"_"}};
const schema21 = {"type":"string","maxLength":64,"pattern":"^[a-zA-Z][a-zA-Z0-9_.\\-/]*$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}};
const schema24 = {"type":"string","maxLength":256,"pattern":"^[a-zA-Z0-9][a-zA-Z0-9_.\\-:@]*$"};
const schema25 = {"type":"string","maxLength":64,"pattern":"^(_default_|[a-zA-Z][a-zA-Z0-9_.\\-/]*)$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}};
const pattern0 = new RegExp("^[^#]*$", "u");
const pattern2 = new RegExp("^[a-zA-Z][a-zA-Z0-9_.\\-/]*$", "u");
const pattern4 = new RegExp("^[a-zA-Z0-9][a-zA-Z0-9_.\\-:@]*$", "u");
const pattern5 = new RegExp("^(_default_|[a-zA-Z][a-zA-Z0-9_.\\-/]*)$", "u");
const schema13 = {"type":["object","null"],"additionalProperties":false,"properties":{"on_unavailable":{"$ref":"#/definitions/onUnavailable"},"limits":{"type":["object","null"],"minProperties":1,"propertyNames":{"$ref":"#/definitions/limitName"},"additionalProperties":{"$ref":"#/definitions/limit"}}},"anyOf":[{"required":["limits"],"properties":{"limits":{"not":{"type":"null"}}}},{"required":["on_unavailable"],"properties":{"on_unavailable":{"not":{"type":"null"}}}}]};
const schema14 = {"enum":["allow","block",null]};
const schema15 = {"type":"string","maxLength":64,"pattern":"^[a-zA-Z][a-zA-Z0-9_.\\-]*$","not":{"enum":["wcu","PK","SK","ttl","entity_id","resource","window","window_start","total_events","GSI1PK","GSI1SK","GSI2PK","GSI2SK","GSI3PK","GSI3SK","GSI4PK","GSI4SK","LSI1SK","LSI2SK","LSI3SK","LSI4SK","LSI5SK"]}};
const pattern1 = new RegExp("^[a-zA-Z][a-zA-Z0-9_.\\-]*$", "u");
const schema16 = {"type":"object","required":["capacity"],"additionalProperties":false,"properties":{"capacity":{"$ref":"#/definitions/number"},"refill_amount":{"$ref":"#/definitions/number"},"refill_period":{"$ref":"#/definitions/number"},"burst":{"$ref":"#/definitions/number"}}};
const schema17 = {"type":"integer","minimum":1,"maximum":999999999999};

function validate12(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.capacity === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "capacity"}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!((((key0 === "capacity") || (key0 === "refill_amount")) || (key0 === "refill_period")) || (key0 === "burst"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.capacity !== undefined){
let data0 = data.capacity;
if(!(((typeof data0 == "number") && (!(data0 % 1) && !isNaN(data0))) && (isFinite(data0)))){
const err2 = {instancePath:instancePath+"/capacity",schemaPath:"#/definitions/number/type",keyword:"type",params:{type: "integer"}};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
if((typeof data0 == "number") && (isFinite(data0))){
if(data0 > 999999999999 || isNaN(data0)){
const err3 = {instancePath:instancePath+"/capacity",schemaPath:"#/definitions/number/maximum",keyword:"maximum",params:{comparison: "<=", limit: 999999999999}};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
if(data0 < 1 || isNaN(data0)){
const err4 = {instancePath:instancePath+"/capacity",schemaPath:"#/definitions/number/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1}};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
}
}
if(data.refill_amount !== undefined){
let data1 = data.refill_amount;
if(!(((typeof data1 == "number") && (!(data1 % 1) && !isNaN(data1))) && (isFinite(data1)))){
const err5 = {instancePath:instancePath+"/refill_amount",schemaPath:"#/definitions/number/type",keyword:"type",params:{type: "integer"}};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if((typeof data1 == "number") && (isFinite(data1))){
if(data1 > 999999999999 || isNaN(data1)){
const err6 = {instancePath:instancePath+"/refill_amount",schemaPath:"#/definitions/number/maximum",keyword:"maximum",params:{comparison: "<=", limit: 999999999999}};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
if(data1 < 1 || isNaN(data1)){
const err7 = {instancePath:instancePath+"/refill_amount",schemaPath:"#/definitions/number/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1}};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
}
if(data.refill_period !== undefined){
let data2 = data.refill_period;
if(!(((typeof data2 == "number") && (!(data2 % 1) && !isNaN(data2))) && (isFinite(data2)))){
const err8 = {instancePath:instancePath+"/refill_period",schemaPath:"#/definitions/number/type",keyword:"type",params:{type: "integer"}};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if((typeof data2 == "number") && (isFinite(data2))){
if(data2 > 999999999999 || isNaN(data2)){
const err9 = {instancePath:instancePath+"/refill_period",schemaPath:"#/definitions/number/maximum",keyword:"maximum",params:{comparison: "<=", limit: 999999999999}};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
if(data2 < 1 || isNaN(data2)){
const err10 = {instancePath:instancePath+"/refill_period",schemaPath:"#/definitions/number/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1}};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
}
}
if(data.burst !== undefined){
let data3 = data.burst;
if(!(((typeof data3 == "number") && (!(data3 % 1) && !isNaN(data3))) && (isFinite(data3)))){
const err11 = {instancePath:instancePath+"/burst",schemaPath:"#/definitions/number/type",keyword:"type",params:{type: "integer"}};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
if((typeof data3 == "number") && (isFinite(data3))){
if(data3 > 999999999999 || isNaN(data3)){
const err12 = {instancePath:instancePath+"/burst",schemaPath:"#/definitions/number/maximum",keyword:"maximum",params:{comparison: "<=", limit: 999999999999}};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
if(data3 < 1 || isNaN(data3)){
const err13 = {instancePath:instancePath+"/burst",schemaPath:"#/definitions/number/minimum",keyword:"minimum",params:{comparison: ">=", limit: 1}};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
}
}
}
else {
const err14 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
validate12.errors = vErrors;
return errors === 0;
}


function validate11(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if((!(data && typeof data == "object" && !Array.isArray(data))) && (data !== null)){
const err0 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: schema13.type}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
const _errs1 = errors;
let valid0 = false;
const _errs2 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.limits === undefined){
const err1 = {instancePath,schemaPath:"#/anyOf/0/required",keyword:"required",params:{missingProperty: "limits"}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
if(data.limits !== undefined){
const _errs4 = errors;
const _errs5 = errors;
if(data.limits !== null){
const err2 = {};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
var valid2 = _errs5 === errors;
if(valid2){
const err3 = {instancePath:instancePath+"/limits",schemaPath:"#/anyOf/0/properties/limits/not",keyword:"not",params:{}};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
else {
errors = _errs4;
if(vErrors !== null){
if(_errs4){
vErrors.length = _errs4;
}
else {
vErrors = null;
}
}
}
}
}
var _valid0 = _errs2 === errors;
valid0 = valid0 || _valid0;
if(!valid0){
const _errs7 = errors;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.on_unavailable === undefined){
const err4 = {instancePath,schemaPath:"#/anyOf/1/required",keyword:"required",params:{missingProperty: "on_unavailable"}};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(data.on_unavailable !== undefined){
const _errs9 = errors;
const _errs10 = errors;
if(data.on_unavailable !== null){
const err5 = {};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
var valid4 = _errs10 === errors;
if(valid4){
const err6 = {instancePath:instancePath+"/on_unavailable",schemaPath:"#/anyOf/1/properties/on_unavailable/not",keyword:"not",params:{}};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
else {
errors = _errs9;
if(vErrors !== null){
if(_errs9){
vErrors.length = _errs9;
}
else {
vErrors = null;
}
}
}
}
}
var _valid0 = _errs7 === errors;
valid0 = valid0 || _valid0;
}
if(!valid0){
const err7 = {instancePath,schemaPath:"#/anyOf",keyword:"anyOf",params:{}};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
else {
errors = _errs1;
if(vErrors !== null){
if(_errs1){
vErrors.length = _errs1;
}
else {
vErrors = null;
}
}
}
if(data && typeof data == "object" && !Array.isArray(data)){
for(const key0 in data){
if(!((key0 === "on_unavailable") || (key0 === "limits"))){
const err8 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0}};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
if(data.on_unavailable !== undefined){
let data2 = data.on_unavailable;
if(!(((data2 === "allow") || (data2 === "block")) || (data2 === null))){
const err9 = {instancePath:instancePath+"/on_unavailable",schemaPath:"#/definitions/onUnavailable/enum",keyword:"enum",params:{allowedValues: schema14.enum}};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
if(data.limits !== undefined){
let data3 = data.limits;
if((!(data3 && typeof data3 == "object" && !Array.isArray(data3))) && (data3 !== null)){
const err10 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/type",keyword:"type",params:{type: schema13.properties.limits.type}};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
if(data3 && typeof data3 == "object" && !Array.isArray(data3)){
if(Object.keys(data3).length < 1){
const err11 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/minProperties",keyword:"minProperties",params:{limit: 1}};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
for(const key1 in data3){
const _errs17 = errors;
const _errs20 = errors;
const _errs21 = errors;
if(!((((((((((((((((((((((key1 === "wcu") || (key1 === "PK")) || (key1 === "SK")) || (key1 === "ttl")) || (key1 === "entity_id")) || (key1 === "resource")) || (key1 === "window")) || (key1 === "window_start")) || (key1 === "total_events")) || (key1 === "GSI1PK")) || (key1 === "GSI1SK")) || (key1 === "GSI2PK")) || (key1 === "GSI2SK")) || (key1 === "GSI3PK")) || (key1 === "GSI3SK")) || (key1 === "GSI4PK")) || (key1 === "GSI4SK")) || (key1 === "LSI1SK")) || (key1 === "LSI2SK")) || (key1 === "LSI3SK")) || (key1 === "LSI4SK")) || (key1 === "LSI5SK"))){
const err12 = {};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
var valid9 = _errs21 === errors;
if(valid9){
const err13 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/not",keyword:"not",params:{},propertyName:key1};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
else {
errors = _errs20;
if(vErrors !== null){
if(_errs20){
vErrors.length = _errs20;
}
else {
vErrors = null;
}
}
}
if(typeof key1 === "string"){
if(key1.length > 64){
const err14 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/maxLength",keyword:"maxLength",params:{limit: 64},propertyName:key1};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
if(!pattern1.test(key1)){
const err15 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/pattern",keyword:"pattern",params:{pattern: "^[a-zA-Z][a-zA-Z0-9_.\\-]*$"},propertyName:key1};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
}
else {
const err16 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/type",keyword:"type",params:{type: "string"},propertyName:key1};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
var valid7 = _errs17 === errors;
if(!valid7){
const err17 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/propertyNames",keyword:"propertyNames",params:{propertyName: key1}};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
for(const key2 in data3){
if(!(validate12(data3[key2], {instancePath:instancePath+"/limits/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data3,parentDataProperty:key2,rootData}))){
vErrors = vErrors === null ? validate12.errors : vErrors.concat(validate12.errors);
errors = vErrors.length;
}
}
}
}
}
validate11.errors = vErrors;
return errors === 0;
}

const schema22 = {"type":"object","required":["limits"],"additionalProperties":false,"properties":{"limits":{"type":"object","minProperties":1,"propertyNames":{"$ref":"#/definitions/limitName"},"additionalProperties":{"$ref":"#/definitions/limit"}}}};

function validate15(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.limits === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "limits"}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(key0 === "limits")){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.limits !== undefined){
let data0 = data.limits;
if(data0 && typeof data0 == "object" && !Array.isArray(data0)){
if(Object.keys(data0).length < 1){
const err2 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/minProperties",keyword:"minProperties",params:{limit: 1}};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
for(const key1 in data0){
const _errs4 = errors;
const _errs7 = errors;
const _errs8 = errors;
if(!((((((((((((((((((((((key1 === "wcu") || (key1 === "PK")) || (key1 === "SK")) || (key1 === "ttl")) || (key1 === "entity_id")) || (key1 === "resource")) || (key1 === "window")) || (key1 === "window_start")) || (key1 === "total_events")) || (key1 === "GSI1PK")) || (key1 === "GSI1SK")) || (key1 === "GSI2PK")) || (key1 === "GSI2SK")) || (key1 === "GSI3PK")) || (key1 === "GSI3SK")) || (key1 === "GSI4PK")) || (key1 === "GSI4SK")) || (key1 === "LSI1SK")) || (key1 === "LSI2SK")) || (key1 === "LSI3SK")) || (key1 === "LSI4SK")) || (key1 === "LSI5SK"))){
const err3 = {};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
var valid3 = _errs8 === errors;
if(valid3){
const err4 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/not",keyword:"not",params:{},propertyName:key1};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
else {
errors = _errs7;
if(vErrors !== null){
if(_errs7){
vErrors.length = _errs7;
}
else {
vErrors = null;
}
}
}
if(typeof key1 === "string"){
if(key1.length > 64){
const err5 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/maxLength",keyword:"maxLength",params:{limit: 64},propertyName:key1};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if(!pattern1.test(key1)){
const err6 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/pattern",keyword:"pattern",params:{pattern: "^[a-zA-Z][a-zA-Z0-9_.\\-]*$"},propertyName:key1};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/limits",schemaPath:"#/definitions/limitName/type",keyword:"type",params:{type: "string"},propertyName:key1};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
var valid1 = _errs4 === errors;
if(!valid1){
const err8 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/propertyNames",keyword:"propertyNames",params:{propertyName: key1}};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
}
for(const key2 in data0){
if(!(validate12(data0[key2], {instancePath:instancePath+"/limits/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data0,parentDataProperty:key2,rootData}))){
vErrors = vErrors === null ? validate12.errors : vErrors.concat(validate12.errors);
errors = vErrors.length;
}
}
}
else {
const err9 = {instancePath:instancePath+"/limits",schemaPath:"#/properties/limits/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
}
}
else {
const err10 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
validate15.errors = vErrors;
return errors === 0;
}


function validate10(data, {instancePath="", parentData, parentDataProperty, rootData=data}={}){
/*# sourceURL="https://raw.githubusercontent.com/zae-limiter/zae-limiter-cdk/main/spec/manifest.schema.json" */;
let vErrors = null;
let errors = 0;
if(data && typeof data == "object" && !Array.isArray(data)){
if(data.namespace === undefined){
const err0 = {instancePath,schemaPath:"#/required",keyword:"required",params:{missingProperty: "namespace"}};
if(vErrors === null){
vErrors = [err0];
}
else {
vErrors.push(err0);
}
errors++;
}
for(const key0 in data){
if(!(((((key0 === "$schema") || (key0 === "namespace")) || (key0 === "system")) || (key0 === "resources")) || (key0 === "entities"))){
const err1 = {instancePath,schemaPath:"#/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key0}};
if(vErrors === null){
vErrors = [err1];
}
else {
vErrors.push(err1);
}
errors++;
}
}
if(data.namespace !== undefined){
let data0 = data.namespace;
const _errs5 = errors;
const _errs6 = errors;
if("_" !== data0){
const err2 = {};
if(vErrors === null){
vErrors = [err2];
}
else {
vErrors.push(err2);
}
errors++;
}
var valid2 = _errs6 === errors;
if(valid2){
const err3 = {instancePath:instancePath+"/namespace",schemaPath:"#/definitions/namespace/not",keyword:"not",params:{}};
if(vErrors === null){
vErrors = [err3];
}
else {
vErrors.push(err3);
}
errors++;
}
else {
errors = _errs5;
if(vErrors !== null){
if(_errs5){
vErrors.length = _errs5;
}
else {
vErrors = null;
}
}
}
if(typeof data0 === "string"){
if(data0.length > 128){
const err4 = {instancePath:instancePath+"/namespace",schemaPath:"#/definitions/namespace/maxLength",keyword:"maxLength",params:{limit: 128}};
if(vErrors === null){
vErrors = [err4];
}
else {
vErrors.push(err4);
}
errors++;
}
if(data0.length < 1){
const err5 = {instancePath:instancePath+"/namespace",schemaPath:"#/definitions/namespace/minLength",keyword:"minLength",params:{limit: 1}};
if(vErrors === null){
vErrors = [err5];
}
else {
vErrors.push(err5);
}
errors++;
}
if(!pattern0.test(data0)){
const err6 = {instancePath:instancePath+"/namespace",schemaPath:"#/definitions/namespace/pattern",keyword:"pattern",params:{pattern: "^[^#]*$"}};
if(vErrors === null){
vErrors = [err6];
}
else {
vErrors.push(err6);
}
errors++;
}
}
else {
const err7 = {instancePath:instancePath+"/namespace",schemaPath:"#/definitions/namespace/type",keyword:"type",params:{type: "string"}};
if(vErrors === null){
vErrors = [err7];
}
else {
vErrors.push(err7);
}
errors++;
}
}
if(data.system !== undefined){
if(!(validate11(data.system, {instancePath:instancePath+"/system",parentData:data,parentDataProperty:"system",rootData}))){
vErrors = vErrors === null ? validate11.errors : vErrors.concat(validate11.errors);
errors = vErrors.length;
}
}
if(data.resources !== undefined){
let data2 = data.resources;
if((!(data2 && typeof data2 == "object" && !Array.isArray(data2))) && (data2 !== null)){
const err8 = {instancePath:instancePath+"/resources",schemaPath:"#/properties/resources/type",keyword:"type",params:{type: schema11.properties.resources.type}};
if(vErrors === null){
vErrors = [err8];
}
else {
vErrors.push(err8);
}
errors++;
}
if(data2 && typeof data2 == "object" && !Array.isArray(data2)){
for(const key1 in data2){
const _errs10 = errors;
const _errs13 = errors;
const _errs14 = errors;
if(!((((((((((((((((((((((key1 === "wcu") || (key1 === "PK")) || (key1 === "SK")) || (key1 === "ttl")) || (key1 === "entity_id")) || (key1 === "resource")) || (key1 === "window")) || (key1 === "window_start")) || (key1 === "total_events")) || (key1 === "GSI1PK")) || (key1 === "GSI1SK")) || (key1 === "GSI2PK")) || (key1 === "GSI2SK")) || (key1 === "GSI3PK")) || (key1 === "GSI3SK")) || (key1 === "GSI4PK")) || (key1 === "GSI4SK")) || (key1 === "LSI1SK")) || (key1 === "LSI2SK")) || (key1 === "LSI3SK")) || (key1 === "LSI4SK")) || (key1 === "LSI5SK"))){
const err9 = {};
if(vErrors === null){
vErrors = [err9];
}
else {
vErrors.push(err9);
}
errors++;
}
var valid5 = _errs14 === errors;
if(valid5){
const err10 = {instancePath:instancePath+"/resources",schemaPath:"#/definitions/resource/not",keyword:"not",params:{},propertyName:key1};
if(vErrors === null){
vErrors = [err10];
}
else {
vErrors.push(err10);
}
errors++;
}
else {
errors = _errs13;
if(vErrors !== null){
if(_errs13){
vErrors.length = _errs13;
}
else {
vErrors = null;
}
}
}
if(typeof key1 === "string"){
if(key1.length > 64){
const err11 = {instancePath:instancePath+"/resources",schemaPath:"#/definitions/resource/maxLength",keyword:"maxLength",params:{limit: 64},propertyName:key1};
if(vErrors === null){
vErrors = [err11];
}
else {
vErrors.push(err11);
}
errors++;
}
if(!pattern2.test(key1)){
const err12 = {instancePath:instancePath+"/resources",schemaPath:"#/definitions/resource/pattern",keyword:"pattern",params:{pattern: "^[a-zA-Z][a-zA-Z0-9_.\\-/]*$"},propertyName:key1};
if(vErrors === null){
vErrors = [err12];
}
else {
vErrors.push(err12);
}
errors++;
}
}
else {
const err13 = {instancePath:instancePath+"/resources",schemaPath:"#/definitions/resource/type",keyword:"type",params:{type: "string"},propertyName:key1};
if(vErrors === null){
vErrors = [err13];
}
else {
vErrors.push(err13);
}
errors++;
}
var valid3 = _errs10 === errors;
if(!valid3){
const err14 = {instancePath:instancePath+"/resources",schemaPath:"#/properties/resources/propertyNames",keyword:"propertyNames",params:{propertyName: key1}};
if(vErrors === null){
vErrors = [err14];
}
else {
vErrors.push(err14);
}
errors++;
}
}
for(const key2 in data2){
if(!(validate15(data2[key2], {instancePath:instancePath+"/resources/" + key2.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data2,parentDataProperty:key2,rootData}))){
vErrors = vErrors === null ? validate15.errors : vErrors.concat(validate15.errors);
errors = vErrors.length;
}
}
}
}
if(data.entities !== undefined){
let data4 = data.entities;
if((!(data4 && typeof data4 == "object" && !Array.isArray(data4))) && (data4 !== null)){
const err15 = {instancePath:instancePath+"/entities",schemaPath:"#/properties/entities/type",keyword:"type",params:{type: schema11.properties.entities.type}};
if(vErrors === null){
vErrors = [err15];
}
else {
vErrors.push(err15);
}
errors++;
}
if(data4 && typeof data4 == "object" && !Array.isArray(data4)){
for(const key3 in data4){
const _errs19 = errors;
if(typeof key3 === "string"){
if(key3.length > 256){
const err16 = {instancePath:instancePath+"/entities",schemaPath:"#/definitions/entity/maxLength",keyword:"maxLength",params:{limit: 256},propertyName:key3};
if(vErrors === null){
vErrors = [err16];
}
else {
vErrors.push(err16);
}
errors++;
}
if(!pattern4.test(key3)){
const err17 = {instancePath:instancePath+"/entities",schemaPath:"#/definitions/entity/pattern",keyword:"pattern",params:{pattern: "^[a-zA-Z0-9][a-zA-Z0-9_.\\-:@]*$"},propertyName:key3};
if(vErrors === null){
vErrors = [err17];
}
else {
vErrors.push(err17);
}
errors++;
}
}
else {
const err18 = {instancePath:instancePath+"/entities",schemaPath:"#/definitions/entity/type",keyword:"type",params:{type: "string"},propertyName:key3};
if(vErrors === null){
vErrors = [err18];
}
else {
vErrors.push(err18);
}
errors++;
}
var valid7 = _errs19 === errors;
if(!valid7){
const err19 = {instancePath:instancePath+"/entities",schemaPath:"#/properties/entities/propertyNames",keyword:"propertyNames",params:{propertyName: key3}};
if(vErrors === null){
vErrors = [err19];
}
else {
vErrors.push(err19);
}
errors++;
}
}
for(const key4 in data4){
let data5 = data4[key4];
if(data5 && typeof data5 == "object" && !Array.isArray(data5)){
if(data5.resources === undefined){
const err20 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/entities/additionalProperties/required",keyword:"required",params:{missingProperty: "resources"}};
if(vErrors === null){
vErrors = [err20];
}
else {
vErrors.push(err20);
}
errors++;
}
for(const key5 in data5){
if(!(key5 === "resources")){
const err21 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/entities/additionalProperties/additionalProperties",keyword:"additionalProperties",params:{additionalProperty: key5}};
if(vErrors === null){
vErrors = [err21];
}
else {
vErrors.push(err21);
}
errors++;
}
}
if(data5.resources !== undefined){
let data6 = data5.resources;
if(data6 && typeof data6 == "object" && !Array.isArray(data6)){
for(const key6 in data6){
const _errs28 = errors;
const _errs31 = errors;
const _errs32 = errors;
if(!((((((((((((((((((((((key6 === "wcu") || (key6 === "PK")) || (key6 === "SK")) || (key6 === "ttl")) || (key6 === "entity_id")) || (key6 === "resource")) || (key6 === "window")) || (key6 === "window_start")) || (key6 === "total_events")) || (key6 === "GSI1PK")) || (key6 === "GSI1SK")) || (key6 === "GSI2PK")) || (key6 === "GSI2SK")) || (key6 === "GSI3PK")) || (key6 === "GSI3SK")) || (key6 === "GSI4PK")) || (key6 === "GSI4SK")) || (key6 === "LSI1SK")) || (key6 === "LSI2SK")) || (key6 === "LSI3SK")) || (key6 === "LSI4SK")) || (key6 === "LSI5SK"))){
const err22 = {};
if(vErrors === null){
vErrors = [err22];
}
else {
vErrors.push(err22);
}
errors++;
}
var valid13 = _errs32 === errors;
if(valid13){
const err23 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/definitions/entityResource/not",keyword:"not",params:{},propertyName:key6};
if(vErrors === null){
vErrors = [err23];
}
else {
vErrors.push(err23);
}
errors++;
}
else {
errors = _errs31;
if(vErrors !== null){
if(_errs31){
vErrors.length = _errs31;
}
else {
vErrors = null;
}
}
}
if(typeof key6 === "string"){
if(key6.length > 64){
const err24 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/definitions/entityResource/maxLength",keyword:"maxLength",params:{limit: 64},propertyName:key6};
if(vErrors === null){
vErrors = [err24];
}
else {
vErrors.push(err24);
}
errors++;
}
if(!pattern5.test(key6)){
const err25 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/definitions/entityResource/pattern",keyword:"pattern",params:{pattern: "^(_default_|[a-zA-Z][a-zA-Z0-9_.\\-/]*)$"},propertyName:key6};
if(vErrors === null){
vErrors = [err25];
}
else {
vErrors.push(err25);
}
errors++;
}
}
else {
const err26 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/definitions/entityResource/type",keyword:"type",params:{type: "string"},propertyName:key6};
if(vErrors === null){
vErrors = [err26];
}
else {
vErrors.push(err26);
}
errors++;
}
var valid11 = _errs28 === errors;
if(!valid11){
const err27 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/properties/entities/additionalProperties/properties/resources/propertyNames",keyword:"propertyNames",params:{propertyName: key6}};
if(vErrors === null){
vErrors = [err27];
}
else {
vErrors.push(err27);
}
errors++;
}
}
for(const key7 in data6){
if(!(validate15(data6[key7], {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources/" + key7.replace(/~/g, "~0").replace(/\//g, "~1"),parentData:data6,parentDataProperty:key7,rootData}))){
vErrors = vErrors === null ? validate15.errors : vErrors.concat(validate15.errors);
errors = vErrors.length;
}
}
}
else {
const err28 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1")+"/resources",schemaPath:"#/properties/entities/additionalProperties/properties/resources/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err28];
}
else {
vErrors.push(err28);
}
errors++;
}
}
}
else {
const err29 = {instancePath:instancePath+"/entities/" + key4.replace(/~/g, "~0").replace(/\//g, "~1"),schemaPath:"#/properties/entities/additionalProperties/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err29];
}
else {
vErrors.push(err29);
}
errors++;
}
}
}
}
}
else {
const err30 = {instancePath,schemaPath:"#/type",keyword:"type",params:{type: "object"}};
if(vErrors === null){
vErrors = [err30];
}
else {
vErrors.push(err30);
}
errors++;
}
validate10.errors = vErrors;
return errors === 0;
}
