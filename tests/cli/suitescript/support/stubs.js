/** Oracle's stubs of the modules that the scripts use: the very objects that the scripts get. */
import crypto from 'N/crypto';
import random from 'N/crypto/random';
import https from 'N/https';
import log from 'N/log';
import record from 'N/record';
import runtime from 'N/runtime';
import search from 'N/search';

export default { crypto, random, https, log, record, runtime, search };
