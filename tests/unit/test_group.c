/* test_group.c - the resource Group: members by id, shown by name */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/trial.h"

static struct trial t;

static void
setup(void)
{
	trial_open(&t);
	trial_create(&t, &kind_user, "{'name':'al'}");
	trial_create(&t, &kind_user, "{'name':'Bo@x.org'}");
}

static void
teardown(void)
{
	trial_close(&t);
}

TestSuite(group, .init = setup, .fini = teardown);

/* in - how many groups a user is in */
static size_t
in(const char *user)
{
	const char *id = table_by_name(trial_look(&t), &kind_user, user)->id;
	size_t n = 0;

	while (table_group_of(t.table, id, n) != NULL)
		n++;
	return n;
}

Test(group, members_are_stored_by_id_and_shown_by_name)
{
	const struct user_group *g;

	cr_assert_str_eq(trial_create(&t, &kind_group, "{'name':'g','members':['Bo@x.org','al']}"),
	    "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "g"),
	    "'name':'g','members':['Bo@x.org','al'],'version':1"));
	g = (const struct user_group *)trial_get(&t, &kind_group, "g");
	cr_expect_str_eq(g->members.v[1], table_by_name(t.table, &kind_user, "al")->id);
}

Test(group, members_may_be_none_and_are_replaced_as_a_whole)
{
	cr_assert_str_eq(trial_create(&t, &kind_group, "{'name':'g'}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "g"), "'members':[]"));
	cr_assert_str_eq(trial_update(&t, &kind_group, "g", "{'members':['al']}"), "ok");
	cr_assert_str_eq(trial_update(&t, &kind_group, "g", "{}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "g"), "'members':['al'],'version':2"));
	cr_assert_str_eq(trial_update(&t, &kind_group, "g", "{'members':['Bo@x.org']}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "g"), "'members':['Bo@x.org']"));
}

Test(group, wrong_members_are_all_faults)
{
	cr_expect_str_eq(trial_create(&t, &kind_group, "{'name':'g','members':['al','cy','',1,'al'],"
	    "'description':'d'}"), "invalid: invalid group [description: unknown field] "
	    "[members[1]: User not found: cy] [members[2]: must not be empty] "
	    "[members[3]: must be a string] [members[4]: al is in the list already]");
	cr_expect_str_eq(trial_create(&t, &kind_group, "{'name':'g','members':'al'}"),
	    "invalid: invalid group [members: must be a list]");
	cr_expect_str_eq(trial_create(&t, &kind_group, "{'name':'Al'}"),
	    "invalid: invalid group [name: must be 1 to 100 of a-z, 0-9, '.', '_' and '-', a letter "
	    "or a digit first]");
}

Test(group, a_table_finds_the_groups_of_a_user)
{
	trial_create(&t, &kind_group, "{'name':'a','members':['al','Bo@x.org']}");
	trial_create(&t, &kind_group, "{'name':'b','members':['al']}");
	trial_create(&t, &kind_group, "{'name':'c'}");
	cr_expect_eq(in("al"), 2);
	cr_expect_eq(in("Bo@x.org"), 1);
	trial_update(&t, &kind_group, "a", "{'members':[]}");
	cr_expect_eq(in("al"), 1);
	trial_delete(&t, &kind_group, "b");
	cr_expect_eq(in("al"), 0);
}

Test(group, a_deleted_user_leaves_its_groups)
{
	trial_create(&t, &kind_group, "{'name':'a','members':['al','Bo@x.org']}");
	trial_create(&t, &kind_group, "{'name':'b','members':['Bo@x.org']}");
	cr_assert_str_eq(trial_delete(&t, &kind_user, "al"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "a"),
	    "'members':['Bo@x.org'],'version':2"));
	cr_expect_not_null(strstr(trial_view(&t, &kind_group, "b"), "'version':1"));
	/* another one of that name is someone else */
	trial_create(&t, &kind_user, "{'name':'al'}");
	cr_expect_eq(in("al"), 0);
}

Test(group, is_not_deleted_while_a_definition_names_it)
{
	trial_create(&t, &kind_group, "{'name':'g','members':['al']}");
	cr_assert_str_eq(trial_create(&t, &kind_rbac, "{'name':'r','subjects':[{'kind':'Group',"
	    "'name':'g'}],'roleBindings':[{'role':'view','resource':'llms'}]}"), "ok");
	cr_expect_not_null(strstr(trial_view(&t, &kind_rbac, "r"), "{'kind':'Group','name':'g'}"));
	cr_expect_str_eq(trial_delete(&t, &kind_group, "g"), "conflict: Group in use: g (Rbac r)");
	cr_expect_str_eq(trial_delete(&t, &kind_user, "al"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_rbac, "r"), "ok");
	cr_expect_str_eq(trial_delete(&t, &kind_group, "g"), "ok");
}
