#include "js.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
  int error;
  const char *name;
} names[] = {
    {EPERM, "EPERM"},         {ENOENT, "ENOENT"},       {EIO, "EIO"},
    {ENXIO, "ENXIO"},         {EBADF, "EBADF"},         {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"},       {EACCES, "EACCES"},       {EBUSY, "EBUSY"},
    {ENODEV, "ENODEV"},       {ENOTDIR, "ENOTDIR"},     {EINVAL, "EINVAL"},
    {EMFILE, "EMFILE"},       {ENFILE, "ENFILE"},       {ENOTTY, "ENOTTY"},
    {EPROTO, "EPROTO"},       {EOVERFLOW, "EOVERFLOW"}, {EOPNOTSUPP, "EOPNOTSUPP"},
    {ETIMEDOUT, "ETIMEDOUT"}, {EREMOTEIO, "EREMOTEIO"}, {ERANGE, "ERANGE"},
    {ECANCELED, "ECANCELED"}, {ESHUTDOWN, "ESHUTDOWN"}, {EFAULT, "EFAULT"},
};

const char *js_errno_name(int error) {
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].error == error) return names[i].name;
  return "EUNKNOWN";
}

napi_value js_error(napi_env env, int error, const char *what, const char *path) {
  char sentence[256];
  const char *name = js_errno_name(error);
  snprintf(sentence, sizeof sentence, "%s: %s failed on %s (%s)", name, what, path,
           strerror(error));
  napi_value result;
  napi_create_error(env, js_string(env, name), js_string(env, sentence), &result);
  js_set(env, result, "errno", js_number(env, error));
  js_set(env, result, "syscall", js_string(env, what));
  js_set(env, result, "path", js_string(env, path));
  return result;
}

napi_value js_throw(napi_env env, int error, const char *what, const char *path) {
  napi_throw(env, js_error(env, error, what, path));
  return NULL;
}

bool js_refuse(napi_env env, const char *sentence) {
  napi_value error;
  napi_create_error(env, js_string(env, "EINVAL"), js_string(env, sentence), &error);
  js_set(env, error, "errno", js_number(env, EINVAL));
  js_set(env, error, "syscall", js_string(env, "check arguments"));
  js_set(env, error, "path", js_string(env, ""));
  napi_throw(env, error);
  return false;
}

static bool refuse_field(napi_env env, const char *name, const char *why) {
  char sentence[160];
  snprintf(sentence, sizeof sentence, "%s %s.", name, why);
  return js_refuse(env, sentence);
}

bool js_arguments(napi_env env, napi_callback_info info, size_t count, napi_value *values) {
  size_t given = count;
  if (napi_get_cb_info(env, info, &given, values, NULL, NULL) != napi_ok) return false;
  return given >= count || js_refuse(env, "An argument is missing.");
}

bool js_get(napi_env env, napi_value object, const char *name, napi_value *value) {
  napi_valuetype type;
  if (napi_typeof(env, object, &type) != napi_ok || type != napi_object)
    return js_refuse(env, "A request must be an object.");
  return napi_get_named_property(env, object, name, value) == napi_ok;
}

bool js_has(napi_env env, napi_value object, const char *name) {
  napi_value value;
  napi_valuetype type;
  if (napi_get_named_property(env, object, name, &value) != napi_ok) return false;
  return napi_typeof(env, value, &type) == napi_ok && type != napi_undefined && type != napi_null;
}

bool js_get_number(napi_env env, napi_value object, const char *name, double range[2],
                   double *value) {
  napi_value field;
  if (!js_get(env, object, name, &field)) return false;
  bool fits = napi_get_value_double(env, field, value) == napi_ok && *value >= range[0] &&
              *value <= range[1];
  if (fits) return true;
  char why[80];
  snprintf(why, sizeof why, "must be a number from %g to %g", range[0], range[1]);
  return refuse_field(env, name, why);
}

bool js_get_integer(napi_env env, napi_value object, const char *name, int64_t max,
                    int64_t *value) {
  double number, range[2] = {0, (double)max};
  if (!js_get_number(env, object, name, range, &number)) return false;
  *value = (int64_t)number;
  return (double)*value == number || refuse_field(env, name, "must be a whole number");
}

bool js_get_bool(napi_env env, napi_value object, const char *name, bool *value) {
  napi_value field;
  if (!js_get(env, object, name, &field)) return false;
  return napi_get_value_bool(env, field, value) == napi_ok ||
         refuse_field(env, name, "must be true or false");
}

bool js_text(napi_env env, napi_value value, const char *name, char *text, size_t size) {
  size_t length = 0;
  memset(text, 0, size);
  bool fits = napi_get_value_string_utf8(env, value, NULL, 0, &length) == napi_ok && length > 0 &&
              length < size;
  if (!fits) return refuse_field(env, name, "must be a text that is not empty and not too long");
  return napi_get_value_string_utf8(env, value, text, size, &length) == napi_ok;
}

bool js_get_text(napi_env env, napi_value object, const char *name, char *text, size_t size) {
  napi_value field;
  return js_get(env, object, name, &field) && js_text(env, field, name, text, size);
}

napi_value js_number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

napi_value js_bool(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value js_string(napi_env env, const char *text) {
  napi_value result = NULL;
  if (text == NULL) napi_get_null(env, &result);
  else napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &result);
  return result;
}

void js_set(napi_env env, napi_value object, const char *name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value js_ms(napi_env env, int64_t ns) { return js_number(env, (double)ns / 1e6); }

napi_value js_undefined(napi_env env) {
  napi_value result = NULL;
  napi_get_undefined(env, &result);
  return result;
}
