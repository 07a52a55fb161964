-- What e2e/editor/test has Neovim do: each step prints its name, and the first that fails ends the editor with its reason.
local folder = vim.env.RACKWRIGHT_FOLDER
local client

local function say(text)
  io.stdout:write(text .. "\n")
end

local function check(what, ok, got)
  if not ok then
    say("FAILED: " .. what .. "; got " .. vim.inspect(got))
    vim.cmd("cquit 1")
  end
  say("ok: " .. what)
end

local function open(name, lines)
  vim.cmd("edit " .. vim.fn.fnameescape(folder .. "/" .. name))
  if lines then
    vim.api.nvim_buf_set_lines(0, 0, -1, false, lines)
  end
  vim.lsp.buf_attach_client(0, client)
end

-- The findings of the buffer, once `wanted` holds of them; what there is after ten seconds otherwise.
local function findings(wanted)
  vim.wait(10000, function() return wanted(vim.diagnostic.get(0)) end, 20)
  return vim.diagnostic.get(0)
end

local function ask(method, line, column)
  local params = {
    textDocument = vim.lsp.util.make_text_document_params(0),
    position = { line = line, character = column },
  }
  if method == "textDocument/formatting" then
    params.options = { tabSize = 2, insertSpaces = true }
  end
  if method == "textDocument/codeAction" then
    params.range = { start = params.position, ["end"] = params.position }
    params.context = { diagnostics = {} }
  end
  local answers = vim.lsp.buf_request_sync(0, method, params, 10000) or {}
  local answer = answers[client] or {}
  return answer.result, answer.error
end

local function labels(line, column)
  local names = {}
  for _, item in ipairs(ask("textDocument/completion", line, column) or {}) do
    table.insert(names, item.label)
  end
  return names
end

client = vim.lsp.start_client({
  name = "rackwright",
  cmd = { vim.env.RACKWRIGHT_BIN, "lsp" },
  root_dir = folder,
  workspace_folders = { { uri = vim.uri_from_fname(folder), name = "site" } },
})
check("the server starts", client ~= nil, client)

local pool = {
  "# ä 𝕏: what is counted in UTF-16",
  "apiVersion: rackwright.dev/v1alpha1",
  "kind: GPUPool",
  "metadata: { name: second }",
  "spec:",
  "  supercluser: lab # no such field",
  "  nodes: { racks: a1 }",
  "  gpu:",
  "    ",
}
open("pool.yaml", pool)
local found = findings(function(all) return #all > 0 end)
local unknown
for _, one in ipairs(found) do
  if one.lnum == 5 then unknown = one end
end
check("an unknown field is found as it is typed", unknown ~= nil and unknown.col == 2, found)
check("the finding has a code", vim.inspect(unknown):find("RW1%d%d%d") ~= nil, unknown)

local actions = ask("textDocument/codeAction", 5, 4) or {}
check("a fix is offered", #actions == 1 and actions[1].title:find("supercluster") ~= nil, actions)
vim.lsp.util.apply_workspace_edit(actions[1].edit, "utf-16")
local fixed = vim.api.nvim_buf_get_lines(0, 5, 6, false)[1]
check("the fix keeps the rest of the line", fixed == "  supercluster: lab # no such field", fixed)

check("fields are offered", vim.tbl_contains(labels(8, 4), "mig"), labels(8, 4))
check("fields that are there are not", not vim.tbl_contains(labels(6, 2), "supercluster"), labels(6, 2))
check("objects of other files are offered", vim.tbl_contains(labels(5, 16), "lab"), labels(5, 16))

local hover = ask("textDocument/hover", 4 + 1, 5)
check("a field is explained", hover ~= nil and hover.contents.value:find("GPUPool.spec.supercluster") ~= nil, hover)

vim.api.nvim_buf_set_lines(0, 0, -1, false, { "kind: GPUPool # first", "apiVersion: rackwright.dev/v1alpha1" })
local edits = ask("textDocument/formatting", 0, 0) or {}
vim.lsp.util.apply_text_edits(edits, 0, "utf-16")
local formatted = vim.api.nvim_buf_get_lines(0, 0, -1, false)
check("a text is formatted, comments and all", vim.deep_equal(formatted, { "apiVersion: rackwright.dev/v1alpha1", "kind: GPUPool # first" }), formatted)

vim.api.nvim_buf_set_lines(0, 0, -1, false, { "# nothing" })
check("findings go when their cause goes", #findings(function(all) return #all == 0 end) == 0, vim.diagnostic.get(0))

vim.lsp.stop_client(client)
local gone = vim.wait(10000, function() return vim.lsp.client_is_stopped(client) end, 20)
check("the server ends when it is told to", gone, client)
vim.cmd("qall!")
