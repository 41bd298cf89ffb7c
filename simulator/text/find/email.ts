/** E-mail addresses (`is_email_address` in MessageEntity.cpp). */

const ADDRESS = /^(?:[\w-]{0,26}[.+]){0,10}[\w-]{1,35}@(?:[a-z\d](?:[\w-]{0,28}[a-z\d])?\.){1,6}[a-z]{2,8}$/i;

export const isEmail = (text: string): boolean => ADDRESS.test(text);
